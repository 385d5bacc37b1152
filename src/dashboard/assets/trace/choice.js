// Which row one is at, and which span is chosen and shown beside the tree. What is in a
// span's detail is span.js's.

import { findRow, firstRow, idOf, isFolded, layOut, placeOf, reveal, rows, tree } from "./rows.js";

const detail = /** @type {HTMLElement} */ (document.getElementById("span"));
const split = /** @type {HTMLElement} */ (detail?.parentElement);
const wide = matchMedia("(min-width: 960px)");

/** The page of the trace. */
export const page = /** @type {HTMLElement} */ (document.querySelector(".trace"));

/** The row that one is at.
 *  @type {HTMLElement} */
export let active;
/** The row whose span is chosen.
 *  @type {HTMLElement | undefined} */
export let selected;
/** The span whose detail is there.
 *  @type {string | null} */
let shown;
/** What is to be shown once one has come to rest.
 *  @type {ReturnType<typeof setTimeout> | undefined} */
let pending;

/** Takes over what the page says of itself. */
export function startChoice() {
  active = rows.find((row) => row.tabIndex === 0) ?? firstRow();
  selected = rows.find((row) => row.hasAttribute("aria-selected"));
  shown = detail.hasAttribute("hx-get") || !selected ? null : idOf(selected);

  // What could not be had is said where it would have been, and asked for again
  // when it is chosen again.
  for (const event of /** @type {const} */ (["htmx:response:error", "htmx:error"])) {
    detail.addEventListener(event, ({ detail: { ctx } }) => {
      if (ctx?.target !== detail) return;
      const said = Object.assign(document.createElement("p"), { className: "message warn" });
      said.setAttribute("role", "alert");
      said.textContent = `This span could not be loaded${ctx.response ? ` (${ctx.response.status})` : ""}. Choose it again to try again.`;
      detail.replaceChildren(said);
      shown = null;
    });
  }
}

/** Finds the rows again that one was at, by their spans, in a tree that is new.
 *  @param {string} at
 *  @param {string | undefined} chosen */
export function restoreChoice(at, chosen) {
  for (const row of rows) {
    row.removeAttribute("tabindex");
    row.removeAttribute("aria-selected");
  }
  active = findRow(at) ?? firstRow();
  active.tabIndex = 0;
  selected = chosen ? findRow(chosen) : undefined;
  selected?.setAttribute("aria-selected", "true");
}

/** @param {HTMLElement | undefined} row
 *  @param {boolean} [quiet] */
export function focus(row, quiet) {
  if (!row) return;
  active.removeAttribute("tabindex");
  active = row;
  row.tabIndex = 0;
  if (!quiet) row.focus({ preventScroll: true });
  // Below the head that stays, with a row to spare.
  const head = /** @type {HTMLElement} */ (tree.firstElementChild).offsetHeight,
    box = tree.getBoundingClientRect(),
    at = row.getBoundingClientRect();
  const above = at.top - box.top - head - at.height,
    below = at.bottom - box.bottom + at.height;
  if (above < 0) tree.scrollTop += above;
  else if (below > 0) tree.scrollTop += below;
}

/** @param {HTMLElement} row
 *  @param {boolean} close */
export function fold(row, close) {
  if (!row.hasAttribute("aria-expanded") || isFolded(row) === close) return;
  row.setAttribute("aria-expanded", String(!close));
  layOut();
  if (active.hidden) focus(row);
}

/** @param {HTMLElement} row */
const linkOf = (row) => /** @type {HTMLAnchorElement} */ (row.querySelector("a"));

/** Where a row's span is. From the row's link, not its attribute: HTML changes some
 *  characters of ids.
 *  @param {HTMLElement} row */
const urlOf = (row) => location.pathname.replace(/\/$/, "") + linkOf(row).search.replace("?span=", "/spans/");

/** Another span is chosen, or something else than one. */
const chosen = () => page.dispatchEvent(new Event("trace:chosen"));

/** @param {HTMLElement} row
 *  @param {{ show?: boolean }} [how] */
export function select(row, how = {}) {
  clearTimeout(pending);
  chosen();
  selected?.removeAttribute("aria-selected");
  selected = row;
  row.setAttribute("aria-selected", "true");
  split.classList.remove("wide");
  history.replaceState(history.state, "", `?span=${encodeURIComponent(idOf(row))}`);
  document.title = `${linkOf(row).textContent.slice(0, 80)} · ${page.dataset.title} · Edgespan`;
  if (shown !== idOf(row)) {
    shown = idOf(row);
    htmx.ajax("GET", urlOf(row), { source: detail, target: detail, swap: "innerHTML" });
  } else page.dispatchEvent(new Event("trace:again"));
  if (how.show && !wide.matches) detail.scrollIntoView({ block: "start", behavior: "smooth" });
}

/** The conversation in place of a span's detail, or the span again. */
export function talk() {
  if (detail.querySelector("[data-conversation]")) return select(selected ?? active);
  clearTimeout(pending);
  chosen();
  shown = null;
  split.classList.remove("wide");
  history.replaceState(history.state, "", "?conversation");
  readConversation("innerHTML");
  if (!wide.matches) detail.scrollIntoView({ block: "start", behavior: "smooth" });
}

/** Reads the conversation again, if it is what is shown. */
export function renewConversation() {
  if (detail.querySelector("[data-conversation]")) readConversation("innerMorph");
}

/** @param {string} swap */
function readConversation(swap) {
  const link = /** @type {HTMLAnchorElement} */ (page.querySelector("[data-talk]"));
  htmx.ajax("GET", link.href, { source: detail, target: detail, swap });
}

/** Moves, and shows where one has come to rest.
 *  @param {HTMLElement | undefined} row */
export function go(row) {
  if (!row) return;
  focus(row);
  clearTimeout(pending);
  chosen();
  if (wide.matches && !split.classList.contains("wide")) pending = setTimeout(() => select(row), 220);
}

export function nextError() {
  const from = placeOf(active);
  // Where something failed by itself: what passes that on leads nowhere else.
  const errors = rows.filter((row) => row.matches(".e:not(.v)"));
  const row = errors.find((row) => placeOf(row) > from) ?? errors[0];
  if (!row) return;
  reveal(row);
  focus(row);
  select(row);
}

/** Closes the detail. */
export function close() {
  chosen();
  split.classList.add("wide");
  if (!wide.matches) tree.scrollIntoView({ block: "nearest" });
  focus(active);
}
