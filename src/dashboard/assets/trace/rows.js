// The rows of the tree: which there are, which of them are folded, and how high what is
// out of sight is. Leaves out: what is chosen.

// Only the page of a trace with spans has it.
export const tree = /** @type {HTMLElement} */ (document.querySelector(".tree"));

/** All rows, in order.
 *  @type {HTMLElement[]} */
export let rows = [];
/** @type {Map<HTMLElement, number>} */
let place = new Map();
/** @type {HTMLElement[]} */
let groups = [];
/** @type {number[]} */
let level = [];

/** Looks at the tree: at first, and when more of it has come. */
export function readRows() {
  rows = [...tree.querySelectorAll(".r")];
  place = new Map(rows.map((row, at) => [row, at]));
  groups = [...tree.querySelectorAll(".group")];
  level = rows.map((row) => Number(row.getAttribute("aria-level")));
}

/** @param {HTMLElement} row */
export const isFolded = (row) => row.getAttribute("aria-expanded") === "false";
/** @param {HTMLElement} row */
export const idOf = (row) => String(row.dataset.spanId);
/** @param {string | undefined} id */
export const findRow = (id) => rows.find((row) => idOf(row) === id);
export const firstRow = () => /** @type {HTMLElement} */ (rows[0]);
/** @param {HTMLElement} row */
export const placeOf = (row) => place.get(row) ?? -1;
/** @param {number} at */
const levelAt = (at) => level[at] ?? 0;

/** Hides what is below folded rows, and says how high each group then is:
 *  those out of sight are not laid out. */
export function layOut() {
  let under = Infinity;
  rows.forEach((row, at) => {
    if (levelAt(at) <= under) under = Infinity;
    row.hidden = under !== Infinity;
    if (under === Infinity && isFolded(row)) under = levelAt(at);
  });
  const height = firstRow().offsetHeight || 28;
  for (const group of groups) {
    const count = [...group.children].filter((row) => !row.hasAttribute("hidden")).length;
    group.hidden = count === 0;
    group.style.containIntrinsicHeight = `${count * height}px`;
  }
}

/** Folds all rows but the roots, or unfolds all.
 *  @param {boolean} close */
export function foldAll(close) {
  rows.forEach((row, at) => {
    if (row.hasAttribute("aria-expanded")) row.setAttribute("aria-expanded", String(!close || levelAt(at) < 2));
  });
  layOut();
}

/** @param {HTMLElement} row */
export function parentOf(row) {
  let at = placeOf(row);
  for (const own = levelAt(at); at >= 0; at--) if (levelAt(at) < own) return rows[at];
  return undefined;
}

/** Unfolds what a row is under.
 *  @param {HTMLElement} row */
export function reveal(row) {
  let changed = false;
  for (let above = parentOf(row); above; above = parentOf(above)) {
    if (isFolded(above)) {
      above.setAttribute("aria-expanded", "true");
      changed = true;
    }
  }
  if (changed) layOut();
}

/** Lays the tree out again when its rows get another height. */
export function followHeight() {
  let height = firstRow().offsetHeight;
  new ResizeObserver(() => {
    if (firstRow().offsetHeight !== height) {
      height = firstRow().offsetHeight;
      layOut();
    }
  }).observe(tree);
  const last = /** @type {HTMLElement} */ (groups.at(-1));
  last.style.containIntrinsicHeight = `${last.children.length * height}px`;
}
