// The shapes that several of the scripts speak of.

import type { SpawnOptions, SpawnSyncOptions } from "node:child_process";
import type { Chance } from "./demo/chance.mjs";
import type { Model } from "./demo/models.mjs";
import type { Recorder } from "./demo/recorder.mjs";

/** How a program is run, where that differs from how they all are. */
export type Launch = SpawnOptions;
export type Capture = Omit<SpawnSyncOptions, "encoding">;

/** What a program came to that was run for its output. */
export interface Captured {
  ok: boolean;
  stdout: string;
  stderr: string;
}

export type SpanType = "AGENT" | "LLM" | "TOOL" | "RETRIEVAL" | "CHAIN" | "DELEGATION" | "VOICE" | "HUMAN_HANDOFF" | "GUARDRAIL";

export interface Usage {
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
  cachedTokens?: number;
}

/** What a span says besides when and where it was. */
export interface SpanFields {
  input?: unknown;
  output?: unknown;
  model?: string;
  modelParameters?: object;
  usage?: Usage;
  cost?: number;
  metadata?: object;
}

/** A step of an agent: the span's fields, and about how many milliseconds it takes. */
export interface StepOptions<Output> extends SpanFields {
  ms?: number;
  parent?: string | null;
  output?: Output;
}

/** An event as the SDK sends it; `at` is when, in milliseconds, and not sent. */
export interface DemoEvent {
  id: string;
  type: "trace-create" | "span-create";
  timestamp: string;
  at: number;
  body: SpanFields & { id: string; parentSpanId?: string | null; [field: string]: unknown };
}

/** A call of a tool by a model. */
export interface Call {
  id: string;
  name: string;
  arguments: Record<string, unknown>;
}

/** A tool that a model is offered: what it takes, by name, as JSON's types. */
export interface Tool {
  name: string;
  description: string;
  properties: Record<string, string>;
}

export interface Answer {
  text?: string;
  calls?: Call[];
}

export type Message = { role: "user"; text: string } | ({ role: "assistant" } & Answer) | { role: "tool"; call: Call; result: string };

/** A call of a model: the conversation so far, and what it answers. */
export interface Chat {
  system: string;
  messages: Message[];
  answer: Answer;
  tools?: Tool[];
  temperature?: number;
  maxTokens?: number;
  /** Tokens of context that the messages do not show. */
  more?: number;
  cached?: boolean;
  error?: string;
}

/** A conversation with the support agent: questions and answers. */
export interface Topic {
  order: string;
  policy: string;
  turns: [question: string, answer: string][];
}

/** What an agent's run depends on, besides chance. */
export interface RunOptions {
  broken?: boolean;
  model: Model;
  topic: Topic;
  turn: number;
}

/** A trace that the schedule will have made: an agent's, a turn of a
 *  conversation that began at `session`, or one of the rare ones (`run`). */
export interface Plan extends Partial<RunOptions> {
  at: number;
  chance: Chance;
  name: string;
  kind?: AgentKind;
  run?: (recorder: Recorder, options: RunOptions) => void;
  tags?: string[];
  metadata?: { user_id?: string; region?: string; trigger?: string };
  session?: number;
  vip?: boolean;
  staging?: boolean;
}

export type AgentKind = "support" | "extract" | "docs" | "research" | "review" | "voice";

/** A deliberate bug, as sim/mutants.json has it. */
export interface Mutant {
  name: string;
  /** Where the text is, and what it becomes. */
  file: string;
  find: string;
  replace: string;
  /** The seeds within which it must be found. */
  seeds: number;
  /** Whether it is looked for whenever all tests run. */
  ci?: boolean;
}

/** Something that differs between the index and the raw batches. */
export interface Difference {
  project: string;
  trace?: string;
  batch?: string;
  /** Of rows of spans that are no trace's. */
  key?: string;
  score?: string;
  what: string;
  /** What mends it: queuing its batches, forgetting the trace before that, or nothing. */
  remedy: "queue" | "forget" | "none";
  /** Whether it may be on its way. */
  young?: boolean;
}

/** What of a trace other batches have to say. */
export interface Open {
  fields?: string[];
  batches?: string[];
}

/** The answer to a step along R2. */
export interface VerifyAnswer {
  next: string | null;
  reached: number | null;
  batches: string[];
  events: number;
  queued: number;
  traces: Record<string, [id: string, open: Open, rows: [version: number, events: number] | null][]>;
  differences: Difference[];
}

/** The answer to a step along the rows of the index. */
export interface RowsAnswer {
  next: string | null;
  project: string;
  traces: string[];
  batches: string[];
  rows: [trace: string, version: number, events: number] | null;
  differences: Difference[];
}

/** The answer to what was to be forgotten. */
export interface ForgetAnswer {
  traces: string[];
  kept: [trace: string, why: string][];
  more: boolean;
}

/** What a verification was asked to do. */
export interface Task {
  since: string;
  until?: string;
  /** The project's id, and its name. */
  project?: string;
  name?: string;
  repair: boolean;
  remote: boolean;
  /** Where: the local server's state, unless it is the deployment. */
  state?: string;
  /** When it began, in milliseconds. */
  started: number;
}
