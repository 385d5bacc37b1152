// The built Worker, as far as entries that are wrapped around it use it.
import { WorkerEntrypoint } from "cloudflare:workers";

/** What the consumer uses of a delivery. */
interface Delivery {
  queue: string;
  messages: readonly { body: unknown; attempts: number; ack(): void; retry(options?: QueueRetryOptions): void }[];
}

export default class extends WorkerEntrypoint<object> {
  fetch(request: Request): Promise<Response>;
  queue(batch: Delivery): Promise<void>;
  scheduled(event: ScheduledController): Promise<void>;
}
