// The keyboard: moving in the tree, and the keys of the page.

import { active, close, focus, fold, go, nextError, select, talk } from "./choice.js";
import { toggleFollowing } from "./follow.js";
import { rate } from "./rate.js";
import { firstRow, parentOf, placeOf, rows, toggleOthers, tree } from "./rows.js";
import { focusSearch } from "./search.js";

/** The next row in a direction that is not hidden.
 *  @param {HTMLElement} from
 *  @param {1 | -1} by */
function step(from, by) {
  let at = placeOf(from) + by;
  while (rows[at]?.hidden) at += by;
  return rows[at];
}

/** The row that is a page further on.
 *  @param {1 | -1} by */
function pageOn(by) {
  const page = Math.max(1, Math.floor(tree.clientHeight / active.offsetHeight) - 2);
  let row = active;
  for (let n = 0; n < page; n++) row = step(row, by) ?? row;
  return row;
}

/** Does what a key says; where to go, or `false` for a key that is none of the tree's.
 *  @param {string} key */
function press(key) {
  const open = active.getAttribute("aria-expanded");
  switch (key) {
    case "ArrowDown":
    case "j":
      return step(active, 1);
    case "ArrowUp":
    case "k":
      return step(active, -1);
    case "Home":
      return firstRow();
    case "End":
      return rows.findLast((row) => !row.hidden);
    case "PageDown":
      return pageOn(1);
    case "PageUp":
      return pageOn(-1);
    case "ArrowRight":
      if (open === "true") return step(active, 1);
      fold(active, false);
      return undefined;
    case "ArrowLeft":
      if (open !== "true") return parentOf(active);
      fold(active, true);
      return undefined;
    case "Enter":
    case " ":
      select(active, { show: true });
      return undefined;
    default:
      return false;
  }
}

/** Shows other spans or hides them; the row that one was at may be one of them. */
function pressOthers() {
  toggleOthers();
  if (active.hidden) focus(firstRow());
}

export function startKeys() {
  tree.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const to = press(event.key);
    if (to === false) return;
    event.preventDefault();
    go(to);
  });

  // Keys of the page, where nothing is being written.
  const help = /** @type {HTMLDialogElement} */ (document.getElementById("help"));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    if (event.key === "/") focusSearch();
    else if (event.key === "\\") talk();
    else if (event.key === "?") help.showModal();
    else if (event.key.toLowerCase() === "e") nextError();
    else if (event.key.toLowerCase() === "o") pressOthers();
    else if (event.key.toLowerCase() === "f") toggleFollowing();
    else if (event.key.toLowerCase() === "s") rate(event.shiftKey ? "span" : "trace");
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  document.querySelector("[data-help]")?.addEventListener("click", () => help.showModal());
}
