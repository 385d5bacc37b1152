/** Where the package's program is. It has no declarations of its own. */
declare module "workerd" {
  const path: { default: string };
  export default path;
}
