// The shapes that the benchmark's parts hand to each other. Those that the
// driver in the isolate speaks of have nothing of Node's or of workerd's in them.

/** A template of a batch: see batches.mjs. */
export interface Made {
  text: string | Uint8Array<ArrayBuffer>;
  events: number;
  spans: number;
  traces: number;
  /** What it is sent as, where that is not the native API. */
  wire?: Wire;
}

/** Formats besides the native one, as raw batches' keys end in them. */
export type Wire = "otlp.pb" | "otlp.json" | "agents.json" | "langfuse.json" | "langsmith.json";

/** What a batch is to be like. */
export interface Template {
  spans: number;
  traces: number;
  bytes?: number;
  seed?: number;
  /** All spans go into the trace with this id. */
  trace?: string;
}

/** A template as bytes; each two `places` are where an id is, and of what. */
export interface Stamped {
  bytes: Uint8Array<ArrayBuffer>;
  places: number[];
}

/** What the driver is to do: see in_isolate/driver.mjs. */
export interface Run {
  what: "nothing" | "handler" | "health" | "validate" | "no message" | "consumer";
  times: number;
  /** The number of the first batch. */
  from: number;
  /** Requests at once. */
  hold?: number;
  /** Messages in one delivery. */
  together?: number;
  /** What the consumer is given instead of a batch: a message of the queue of evaluations. */
  judged?: object;
  /** With the real database. */
  real?: boolean;
  /** The keys of the raw batches that are delivered, instead of numbered ones: they
   *  were given to the driver before. */
  deliveries?: string[][];
}

/** A raw batch as it lies in R2. */
export interface RawObject {
  key: string;
  bytes: Uint8Array<ArrayBuffer>;
}

/** What every run is told besides. */
export interface Subject {
  key: string;
  project: string;
  message: object;
  rawKey: string;
}

/** What a run took, what the database said of its calls, and the wasm's memory. */
export interface Told {
  /** All of it, on the wall. */
  ms: number;
  memory: number;
  /** The calls of the database, on the wall; and what it says of their statements. */
  wallMs: number;
  durationMs: number;
  batches: number;
  statements: number;
  rowsWritten: number;
  rowsRead: number;
  size: number;
}

/** Rounds: at most so many, and no new ones after so many seconds. */
export interface Effort {
  most: number;
  seconds?: number;
}
