// What is used of the generated decoder: its own declarations say nothing of it.
declare module "otlp-transformer-with-decoder/build/esm/generated/root.js" {
  interface Request {
    // biome-ignore lint/suspicious/noExplicitAny: it is whatever was sent
    resourceSpans?: any[];
  }
  const root: {
    opentelemetry: {
      proto: {
        collector: {
          trace: {
            v1: { ExportTraceServiceRequest: { decode(bytes: Uint8Array): Request; encode(of: Request): { finish(): Uint8Array } } };
          };
        };
      };
    };
  };
  export default root;
}
