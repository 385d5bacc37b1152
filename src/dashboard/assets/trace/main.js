// The trace page's tree: what the mouse does in it, and putting a newer tree in its
// place. Its rows, what is chosen, searching and the keyboard are in files beside this
// one; what is in a span's detail is span.js's, the time axis axis.js's, and asking
// whether more has come live.js's. Everything on the page is there without this; what a
// client sent is only ever compared or read as text.

import {
  active,
  close,
  focus,
  fold,
  nextError,
  page,
  renewConversation,
  restoreChoice,
  select,
  selected,
  startChoice,
  talk,
} from "./choice.js";
import { keepUp, startFollowing } from "./follow.js";
import { startKeys } from "./keys.js";
import { startRating } from "./rate.js";
import {
  areOthersShown,
  findRow,
  firstRow,
  foldAll,
  followHeight,
  idOf,
  isFolded,
  readRows,
  reveal,
  rows,
  setOthers,
  toggleOthers,
  tree,
  wereOthersShown,
} from "./rows.js";
import { searchAgain, startSearch } from "./search.js";

function startMouse() {
  tree.addEventListener("click", (event) => {
    const row = event.target.closest(".r");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (event.target.closest("i")) return fold(row, !isFolded(row));
    focus(row);
    select(row, { show: true });
  });
  tree.addEventListener("dblclick", (event) => {
    const row = event.target.closest(".r");
    if (row && !event.target.closest("i, .w")) fold(row, !isFolded(row));
  });

  document.addEventListener("click", (event) => {
    // Folding all leaves the roots and what is right below them.
    const all = event.target.closest?.("[data-fold]");
    if (all) {
      foldAll(all.dataset.fold === "all");
      focus(active.hidden ? firstRow() : active, true);
    }
    const link = event.target.closest?.("[data-show]");
    if (link && !event.ctrlKey && !event.metaKey) {
      const row = findRow(link.dataset.show);
      if (!row) return;
      event.preventDefault();
      reveal(row);
      focus(row);
      select(row, { show: true });
    }
    if (event.target.closest?.("[data-talk]") && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      talk();
    }
    if (event.target.closest?.("[data-others]")) {
      toggleOthers();
      if (active.hidden) focus(firstRow(), true);
    }
    if (event.target.closest?.("[data-next-error]")) nextError();
    if (event.target.closest?.("[data-close]")) close();
  });
}

/** More of the trace has come: its tree is put in the place of the old one, with
 *  the same rows folded and chosen.
 *  @param {Document} fresh */
function replaceTree(fresh) {
  const next = fresh.querySelector(".tree");
  if (!next) return;
  const closed = new Set(rows.filter(isFolded).map(idOf));
  const [at, chosen] = [idOf(active), selected && idOf(selected)];
  const shown = areOthersShown();
  const [top, focused] = [tree.scrollTop, tree.contains(document.activeElement)];
  tree.className = next.className;
  tree.setAttribute("aria-rowcount", next.getAttribute("aria-rowcount") ?? "");
  tree.replaceChildren(...next.childNodes);
  readRows();
  for (const row of rows) {
    if (closed.has(idOf(row)) && row.hasAttribute("aria-expanded")) row.setAttribute("aria-expanded", "false");
  }
  setOthers(shown, fresh.querySelector("[data-others]"));
  restoreChoice(at, chosen);
  if (active.hidden) focus(firstRow(), true);
  searchAgain();
  page.dispatchEvent(new Event("trace:tree"));
  tree.scrollTop = top;
  if (focused) active.focus({ preventScroll: true });
}

if (page) startRating(page);

// Only the page of a trace with spans has a tree.
if (tree) {
  readRows();
  tree.classList.toggle("others", wereOthersShown());
  if (tree.querySelector(".o")) setOthers(areOthersShown());
  startChoice();
  startMouse();
  startKeys();
  startSearch();
  startFollowing();
  page.addEventListener("trace:came", ({ detail: fresh }) => {
    replaceTree(fresh);
    keepUp();
    renewConversation();
  });
  // A deep link, or what made the trace fail: to where the span is.
  if (selected) {
    reveal(selected);
    focus(selected, true);
  }
  followHeight();
  document.documentElement.dataset.ready = "trace";
}
