// Following a trace that runs: the newest step that still runs is chosen as it comes,
// until whoever looks scrolls or chooses a step, or the trace has ended.

import { focus, page, select, selected } from "./choice.js";
import { areOthersShown, reveal, rows, tree } from "./rows.js";

const button = /** @type {HTMLElement | null} */ (document.querySelector("[data-follow]"));

let isOn = false;
/** Whether what is chosen now is chosen by this. */
let isOwn = false;
/** How far the tree was scrolled by this. */
let top = 0;

/** The step that began last of those that run. */
function newest() {
  /** @type {HTMLElement | undefined} */
  let found;
  let latest = -1;
  for (const row of rows) {
    if (!row.matches(".u") || (row.matches(".o") && !areOthersShown())) continue;
    const start = Number.parseFloat(row.querySelector("rect")?.getAttribute("x") ?? "0");
    // Of those that began at once the one further down: it is below the others.
    if (start >= latest) [found, latest] = [row, start];
  }
  return found;
}

/** @param {boolean} on */
function setOn(on) {
  isOn = on;
  button?.setAttribute("aria-pressed", String(on));
}

/** Goes to the newest step, if it is followed: now, and when more has come. */
export function keepUp() {
  if (!button) return;
  button.hidden = !page.hasAttribute("data-running");
  if (button.hidden) setOn(false);
  const row = isOn ? newest() : undefined;
  if (!row) return;
  isOwn = true;
  reveal(row);
  focus(row, true);
  if (row !== selected) select(row);
  isOwn = false;
  top = tree.scrollTop;
}

export function toggleFollowing() {
  if (!button || button.hidden) return;
  setOn(!isOn);
  keepUp();
}

export function startFollowing() {
  button?.addEventListener("click", toggleFollowing);
  page.addEventListener("trace:chosen", () => {
    if (!isOwn) setOn(false);
  });
  tree.addEventListener(
    "scroll",
    () => {
      if (Math.abs(tree.scrollTop - top) > 1) setOn(false);
    },
    { passive: true },
  );
}
