// The lock file of a release: of the repository's what wrangler needs, so that whoever
// deploys gets the very packages that the release was tested with.

/** @typedef {Record<string, string>} Ranges
 *  @typedef {{ dev?: boolean, devOptional?: boolean, dependencies?: Ranges, optionalDependencies?: Ranges, peerDependencies?: Ranges }} Locked
 *  @typedef {{ lockfileVersion: number, packages: Record<string, Locked> }} Lock */

/** The lock file for a package that depends on packages of another one.
 *  @param {Lock} lock that other one's
 *  @param {{ name: string, version: string, license: string, dependencies: Ranges, engines: Ranges }} own its package.json */
export function lockFor(lock, own) {
  /** @type {Record<string, Locked>} */
  const packages = {};
  const { name, version, license, dependencies, engines } = own;
  /** Where a package finds another: beside its own, or beside what it is in.
   *  @param {string} from
   *  @param {string} wanted
   *  @returns {string | undefined} */
  const find = (from, wanted) => {
    const path = `${from && `${from}/`}node_modules/${wanted}`;
    if (path in lock.packages) return path;
    return from ? find(from.slice(0, Math.max(0, from.lastIndexOf("/node_modules/"))), wanted) : undefined;
  };
  /** @param {string} from
   *  @param {Ranges} [wanted] */
  const add = (from, wanted = {}) => {
    for (const path of Object.keys(wanted).flatMap((name) => find(from, name) ?? [])) {
      if (path in packages) continue;
      // There they are what tools need; here they are what is needed.
      const { dev: _dev, devOptional: _optional, ...locked } = lock.packages[path] ?? {};
      packages[path] = locked;
      add(path, { ...locked.dependencies, ...locked.optionalDependencies });
    }
  };
  add("", dependencies);
  const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    name,
    version,
    lockfileVersion: lock.lockfileVersion,
    requires: true,
    packages: { "": { name, version, license, dependencies, engines }, ...sorted },
  };
}
