// The name under which the driver gets the Worker: see ../workers.mjs. It is a
// class (ours) or an object with handlers (the peer).

/** What the driver makes up of a delivery of the queue. */
export interface Delivery {
  queue: string;
  messages: { id: string; timestamp: Date; attempts: number; body: { key: string }; ack(): void; retry(): void }[];
  ackAll(): void;
  retryAll(): void;
}

type Env = Record<string, unknown>;

interface Entrypoint {
  fetch(request: Request): Promise<Response>;
  queue(batch: Delivery): Promise<void>;
}

interface Handlers {
  fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response>;
  queue(batch: Delivery, env: Env, ctx: ExecutionContext): Promise<void>;
}

declare const Worker: (new (ctx: ExecutionContext, env: Env) => Entrypoint) | Handlers;
export default Worker;
