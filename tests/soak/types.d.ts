// The shapes that the soaks' parts hand to each other.

/** A batch that was made: what is in it, and the body that was sent. */
export interface Batch {
  n: number;
  traces: string[];
  spans: { id: string; trace: string; tokens: number }[];
  text: string;
}

/** A trace as the API shows it, as far as soaks look at it. */
export interface Trace {
  spans: { id: string; input: unknown; payloadError?: string }[];
  spanCount: number;
  totalTokens: number;
  totalCost: string;
}

/** The sums over D1's tables that `COUNTS` asks for. */
export interface Counts {
  ledger: number;
  spans: number;
  counted: number;
  events: number;
}

/** What a run came to; the rest are counts. */
export interface Result {
  acknowledged: number;
  written: number;
  /** What is not as it must be, in words. */
  wrong: string[];
}
