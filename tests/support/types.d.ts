// What both sides of faults speak of: tests in Node (faulty.ts) and the entry
// in workerd (faulty-entry.mjs, which says what each field means).

export interface Fault {
  on: string;
  times?: number;
  chance?: number;
  seed?: number;
  ms?: number;
  after?: boolean;
  lose?: boolean;
  fine?: boolean;
}
