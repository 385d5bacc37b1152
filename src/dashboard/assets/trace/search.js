// Searching the tree: in names and models.

import { active, focus, select } from "./choice.js";
import { placeOf, reveal, rows, tree } from "./rows.js";

const search = /** @type {HTMLInputElement} */ (document.querySelector("[data-search]"));
const matches = /** @type {HTMLElement} */ (document.querySelector("[data-matches]"));

/** What each row is searched in; nothing before the first search of a tree.
 *  @type {string[] | null} */
let texts = null;
/** @type {HTMLElement[]} */
let hits = [];

export const focusSearch = () => search.focus();

/** Searches again, in a tree that is new. */
export function searchAgain() {
  texts = null;
  if (search.value) find();
}

function find() {
  const wanted = search.value.trim().toLowerCase();
  const searched =
    texts ??
    rows.map((row) =>
      [row.querySelector("a"), row.querySelector(".m")]
        .map((cell) => cell?.textContent ?? "")
        .join("\n")
        .toLowerCase(),
    );
  texts = searched;
  tree.classList.toggle("searching", wanted !== "");
  hits = [];
  rows.forEach((row, at) => {
    const hit = wanted !== "" && Boolean(searched[at]?.includes(wanted));
    if (hit) hits.push(row);
    row.classList.toggle("hit", hit);
  });
  tell();
}

function tell() {
  const at = hits.indexOf(active) + 1;
  matches.textContent =
    search.value.trim() === "" ? "" : hits.length === 0 ? "no match" : at ? `${at} of ${hits.length}` : `${hits.length} found`;
}

/** @param {number} by */
function nextHit(by) {
  const from = placeOf(active);
  const row = by > 0 ? (hits.find((row) => placeOf(row) > from) ?? hits[0]) : (hits.findLast((row) => placeOf(row) < from) ?? hits.at(-1));
  if (!row) return;
  reveal(row);
  focus(row, true);
  select(row);
  tell();
}

export function startSearch() {
  search.addEventListener("input", () => {
    find();
    const near = hits.find((row) => placeOf(row) >= placeOf(active)) ?? hits[0];
    if (near) {
      reveal(near);
      focus(near, true);
      tell();
    }
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      event.preventDefault();
      nextHit(event.shiftKey ? -1 : 1);
    } else if (event.key === "ArrowDown") {
      event.preventDefault();
      focus(active);
    } else if (event.key === "Escape") {
      search.value = "";
      find();
      focus(active);
      event.stopPropagation();
    }
  });
}
