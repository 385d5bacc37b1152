// The folder of an export: numbered files of each table, and beside them where it stands.
// A file is whole or not there, and what stands is noted after the files of a part: so one
// that was interrupted writes that part again, and nothing is there twice or missing.

import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failed } from "../run.mjs";
import { columnsOf, toColumns, toLine } from "./tables.mjs";

/** What is exported.
 *  @typedef {{ url: string, project: string, since: string, until: string, format: "parquet" | "jsonl", payloads: boolean }} Task */

/** Where an export stands: the part that is next, from which cursor on, and what is written.
 *  @typedef {{ part: number, cursor: string | null, traces: number, spans: number, done: boolean }} Standing */

const STATE = "export.json";

/** @param {string} path
 *  @param {string | Uint8Array} content */
function writeWhole(path, content) {
  writeFileSync(`${path}.tmp`, content);
  renameSync(`${path}.tmp`, path);
}

export class Folder {
  /** @param {string} path
   *  @param {Task} task
   *  @param {Standing} standing */
  constructor(path, task, standing) {
    this.path = path;
    this.task = task;
    this.standing = standing;
  }

  /** The folder of a task: a new one, or that in which it was begun, with the end that it had
   *  then where none is asked for.
   *  @param {string} path
   *  @param {Omit<Task, "until"> & { until?: string }} asked */
  static open(path, asked) {
    const state = join(path, STATE);
    if (!existsSync(state)) {
      if (existsSync(path) && readdirSync(path).length > 0) throw new Failed(`--out: ${path} is not empty, and no export was begun there`);
      mkdirSync(path, { recursive: true });
      const task = { ...asked, until: asked.until ?? new Date().toISOString() };
      const folder = new Folder(path, task, { part: 1, cursor: null, traces: 0, spans: 0, done: false });
      folder.#note();
      return folder;
    }
    /** @type {{ task: Task, standing: Standing }} */
    let begun;
    try {
      begun = JSON.parse(readFileSync(state, "utf8"));
    } catch {
      throw new Failed(`${state} cannot be read: choose another folder with --out`);
    }
    const { task, standing } = begun;
    const wanted = { ...asked, until: asked.until ?? task.until };
    const other = /** @type {(keyof Task)[]} */ (Object.keys(wanted)).find((field) => wanted[field] !== task[field]);
    if (other) throw new Failed(`${path} has an export of ${other} ${task[other]}: choose another folder with --out`);
    return new Folder(path, task, standing);
  }

  #note() {
    writeWhole(join(this.path, STATE), `${JSON.stringify({ task: this.task, standing: this.standing }, null, 2)}\n`);
  }

  /** Writes a part, and that the next begins at a cursor, or that it was the last.
   *  @param {{ traces: object[], spans: object[] }} rows
   *  @param {string | null} next */
  async write(rows, next) {
    const { format, payloads } = this.task;
    const { part, traces, spans } = this.standing;
    const columns = columnsOf(payloads);
    for (const table of /** @type {const} */ (["traces", "spans"])) {
      const path = join(this.path, `${table}-${String(part).padStart(5, "0")}.${format}`);
      const some = rows[table];
      // A part without spans has a file all the same: what reads it finds its columns.
      if (format === "jsonl") writeWhole(path, some.map((row) => toLine(columns[table], row)).join(""));
      else writeWhole(path, await toParquet(columns[table], some));
    }
    const counts = { traces: traces + rows.traces.length, spans: spans + rows.spans.length };
    this.standing = { part: part + 1, cursor: next, ...counts, done: next === null };
    this.#note();
  }

  /** Removes what was written of a part that was not noted. */
  clean() {
    for (const name of readdirSync(this.path)) {
      const part = Number(/^(?:traces|spans)-(\d{5,})\./.exec(name)?.[1]);
      if (name.endsWith(".tmp") || part >= this.standing.part) rmSync(join(this.path, name));
    }
  }
}

/** @param {import("./tables.mjs").Column[]} columns
 *  @param {object[]} rows */
async function toParquet(columns, rows) {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  return new Uint8Array(parquetWriteBuffer({ columnData: toColumns(columns, rows) }));
}
