// What the Worker is bound to, and what a message says.
export interface BatchMessage {
  key: string;
  projectId: string;
  receivedAt: number;
}

export interface Env {
  DB: D1Database;
  RAW: R2Bucket;
  QUEUE: Queue<BatchMessage>;
}

export interface Variables {
  projectId: string;
}
