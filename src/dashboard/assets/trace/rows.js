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
/** The first that is shown. */
export const firstRow = () => /** @type {HTMLElement} */ (rows.find((row) => !row.hidden) ?? rows[0]);
/** @param {HTMLElement} row */
export const placeOf = (row) => place.get(row) ?? -1;
/** @param {number} at */
const levelAt = (at) => level[at] ?? 0;

const others = /** @type {HTMLElement | null} */ (document.querySelector("[data-others]"));
/** Whether rows that are not about models are shown, too. */
export const areOthersShown = () => tree.classList.contains("others");

/** Shows them or hides them, here and on pages to come. */
export function toggleOthers() {
  const show = !areOthersShown();
  try {
    show ? localStorage.setItem("others", "shown") : localStorage.removeItem("others");
  } catch {
    /* Only here then. */
  }
  setOthers(show);
}

/** Shows them or hides them, here; where the tree is new its page says how many there are.
 *  @param {boolean} show
 *  @param {Element | null} [fresh] */
export function setOthers(show, fresh) {
  tree.classList.toggle("others", show);
  others?.setAttribute("aria-pressed", String(show));
  if (others && fresh instanceof HTMLElement) {
    others.textContent = fresh.textContent;
    others.hidden = fresh.hidden;
  }
  layOut();
}

/** Whether they were shown last. */
export function wereOthersShown() {
  try {
    return localStorage.getItem("others") !== null;
  } catch {
    return false;
  }
}

/** Hides what is below folded rows, and what is not about models, and says how high each
 *  group then is: those out of sight are not laid out. */
export function layOut() {
  let under = Infinity;
  rows.forEach((row, at) => {
    if (levelAt(at) <= under) under = Infinity;
    row.hidden = under !== Infinity || (!areOthersShown() && row.classList.contains("o"));
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

/** Unfolds what a row is under, and shows it.
 *  @param {HTMLElement} row */
export function reveal(row) {
  if (row.classList.contains("o") && !areOthersShown()) setOthers(true);
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
