// The trace page: the tree with keyboard and search, choosing a span, finding
// in its detail. Everything on it is there without this; what a client sent is
// only ever compared or read as text.

const tree = document.querySelector(".tree");
const detail = document.getElementById("span");
const wide = matchMedia("(min-width: 960px)");

if (tree) {
  const rows = [...tree.querySelectorAll(".r")];
  const place = new Map(rows.map((row, at) => [row, at]));
  const groups = [...tree.querySelectorAll(".group")];
  const level = rows.map((row) => Number(row.getAttribute("aria-level")));
  const folded = (row) => row.getAttribute("aria-expanded") === "false";
  const idOf = (row) => row.dataset.spanId;
  const byId = (id) => rows.find((row) => idOf(row) === id);
  let active = rows.find((row) => row.tabIndex === 0) ?? rows[0];
  let selected = rows.find((row) => row.hasAttribute("aria-selected"));
  let shown = detail.hasAttribute("hx-get") || !selected ? null : idOf(selected);
  const base = location.pathname.replace(/\/$/, "");
  const urlOf = (row) => `${base}/spans/${encodeURIComponent(idOf(row))}`;

  /** Hides what is below folded rows, and says how high each group then is:
   *  those out of sight are not laid out. */
  function layOut() {
    let under = Infinity;
    rows.forEach((row, at) => {
      if (level[at] <= under) under = Infinity;
      row.hidden = under !== Infinity;
      if (under === Infinity && folded(row)) under = level[at];
    });
    const height = rows[0].offsetHeight || 28;
    for (const group of groups) {
      const count = [...group.children].filter((row) => !row.hidden).length;
      group.hidden = count === 0;
      group.style.containIntrinsicHeight = `${count * height}px`;
    }
  }

  function fold(row, close) {
    if (!row.hasAttribute("aria-expanded") || folded(row) === close) return;
    row.setAttribute("aria-expanded", String(!close));
    layOut();
    if (active.hidden) focus(row);
  }

  const parentOf = (row) => {
    let at = place.get(row);
    for (const own = level[at]; at >= 0; at--) if (level[at] < own) return rows[at];
    return null;
  };

  function reveal(row) {
    let changed = false;
    for (let above = parentOf(row); above; above = parentOf(above)) {
      if (folded(above)) { above.setAttribute("aria-expanded", "true"); changed = true; }
    }
    if (changed) layOut();
  }

  function focus(row, quiet) {
    if (!row) return;
    active.removeAttribute("tabindex");
    active = row;
    row.tabIndex = 0;
    if (!quiet) row.focus({ preventScroll: true });
    // Below the head that stays, with a row to spare.
    const head = tree.firstElementChild.offsetHeight, box = tree.getBoundingClientRect(), at = row.getBoundingClientRect();
    const above = at.top - box.top - head - at.height, below = at.bottom - box.bottom + at.height;
    if (above < 0) tree.scrollTop += above;
    else if (below > 0) tree.scrollTop += below;
  }

  const step = (by) => {
    let at = place.get(active) + by;
    while (rows[at]?.hidden) at += by;
    return rows[at];
  };

  let pending;
  function select(row, how = {}) {
    clearTimeout(pending);
    selected?.removeAttribute("aria-selected");
    selected = row;
    row.setAttribute("aria-selected", "true");
    detail.parentElement.classList.remove("wide");
    history.replaceState(history.state, "", `?span=${encodeURIComponent(idOf(row))}`);
    if (shown !== idOf(row)) {
      shown = idOf(row);
      htmx.ajax("GET", urlOf(row), { source: detail, target: detail, swap: "innerHTML" });
    }
    if (how.show && !wide.matches) detail.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  /** Moves, and shows where one has come to rest. */
  function go(row) {
    if (!row) return;
    focus(row);
    clearTimeout(pending);
    if (wide.matches && !detail.parentElement.classList.contains("wide")) pending = setTimeout(() => select(row), 220);
  }

  tree.addEventListener("click", (event) => {
    const row = event.target.closest(".r");
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (event.target.closest("i")) return fold(row, !folded(row));
    focus(row);
    select(row, { show: true });
  });
  tree.addEventListener("dblclick", (event) => {
    const row = event.target.closest(".r");
    if (row && !event.target.closest("i")) fold(row, !folded(row));
  });

  tree.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const open = active.getAttribute("aria-expanded");
    const page = Math.max(1, Math.floor(tree.clientHeight / active.offsetHeight) - 2);
    const far = (by) => { let row = active; for (let n = 0; n < page; n++) { const next = step(by); if (!next) break; active = row = next; } return row; };
    const was = active;
    let to;
    switch (event.key) {
      case "ArrowDown": case "j": to = step(1); break;
      case "ArrowUp": case "k": to = step(-1); break;
      case "Home": to = rows[0]; break;
      case "End": to = rows.findLast((row) => !row.hidden); break;
      case "PageDown": to = far(1); active = was; break;
      case "PageUp": to = far(-1); active = was; break;
      case "ArrowRight": if (open === "false") fold(active, false); else if (open) to = step(1); break;
      case "ArrowLeft": if (open === "true") fold(active, true); else to = parentOf(active); break;
      case "Enter": case " ": select(active, { show: true }); break;
      default: return;
    }
    event.preventDefault();
    go(to);
  });

  // Folding all leaves the roots and what is right below them.
  document.addEventListener("click", (event) => {
    const all = event.target.closest?.("[data-fold]");
    if (all) {
      const close = all.dataset.fold === "all";
      rows.forEach((row, at) => {
        if (row.hasAttribute("aria-expanded")) row.setAttribute("aria-expanded", String(!close || level[at] < 2));
      });
      layOut();
      if (active.hidden) focus(rows[0], true); else focus(active, true);
    }
    const link = event.target.closest?.("[data-show]");
    if (link && !event.ctrlKey && !event.metaKey) {
      const row = byId(link.dataset.show);
      if (!row) return;
      event.preventDefault();
      reveal(row);
      focus(row);
      select(row, { show: true });
    }
    if (event.target.closest?.("[data-next-error]")) nextError();
    if (event.target.closest?.("[data-close]")) close();
  });

  function nextError() {
    const from = place.get(active);
    const errors = rows.filter((row) => row.classList.contains("e"));
    const row = errors.find((row) => place.get(row) > from) ?? errors[0];
    if (!row) return;
    reveal(row);
    focus(row);
    select(row);
  }

  function close() {
    detail.parentElement.classList.add("wide");
    if (!wide.matches) tree.scrollIntoView({ block: "nearest" });
    focus(active);
  }

  // Searching: in names and models.
  const search = document.querySelector("[data-search]");
  const matches = document.querySelector("[data-matches]");
  let hits = [];
  let texts;
  function find() {
    const wanted = search.value.trim().toLowerCase();
    texts ??= rows.map((row) => [row.querySelector("a"), row.querySelector(".m")].map((cell) => cell?.textContent ?? "").join("\n").toLowerCase());
    tree.classList.toggle("searching", wanted !== "");
    hits = [];
    rows.forEach((row, at) => {
      const hit = wanted !== "" && texts[at].includes(wanted);
      if (hit) hits.push(row);
      row.classList.toggle("hit", hit);
    });
    tell();
  }
  function tell() {
    const at = hits.indexOf(active) + 1;
    matches.textContent = search.value.trim() === "" ? "" : hits.length === 0 ? "no match" : at ? `${at} of ${hits.length}` : `${hits.length} found`;
  }
  function nextHit(by) {
    if (hits.length === 0) return;
    const from = place.get(active);
    const row = by > 0
      ? hits.find((row) => place.get(row) > from) ?? hits[0]
      : hits.findLast((row) => place.get(row) < from) ?? hits.at(-1);
    reveal(row);
    focus(row, true);
    select(row);
    tell();
  }
  search.addEventListener("input", () => {
    find();
    if (hits.length) { const near = hits.find((row) => place.get(row) >= place.get(active)) ?? hits[0]; reveal(near); focus(near, true); tell(); }
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); nextHit(event.shiftKey ? -1 : 1); }
    else if (event.key === "ArrowDown") { event.preventDefault(); focus(active); }
    else if (event.key === "Escape") { search.value = ""; find(); focus(active); event.stopPropagation(); }
  });

  // Keys of the page, where nothing is being written.
  const help = document.getElementById("help");
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    if (event.key === "/") search.focus();
    else if (event.key === "?") help.showModal();
    else if (event.key === "e") nextError();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  document.querySelector("[data-help]").addEventListener("click", () => help.showModal());

  // A deep link: to where the span is.
  if (selected && new URLSearchParams(location.search).has("span")) focus(selected, true);
  let height = rows[0].offsetHeight;
  new ResizeObserver(() => { if (rows[0].offsetHeight !== height) { height = rows[0].offsetHeight; layOut(); } }).observe(tree);
  const last = groups.at(-1);
  last.style.containIntrinsicHeight = `${last.children.length * height}px`;
  document.documentElement.dataset.ready = "trace";
}

// Copying a payload: as it was sent, whatever is shown of it.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy-url]");
  if (!button) return;
  const label = button.dataset.label ??= button.textContent;
  const say = (text) => { button.textContent = text; setTimeout(() => { button.textContent = label; }, 1500); };
  try {
    const answer = await fetch(button.dataset.copyUrl);
    if (!answer.ok) throw new Error(String(answer.status));
    await navigator.clipboard.writeText(await answer.text());
    say("Copied");
  } catch {
    say("Open Raw");
  }
});

// Finding in the detail: marks without changing what is shown.
if (detail && "highlights" in CSS) {
  let ranges = [], at = -1;
  const input = () => detail.querySelector("[data-find]");
  const found = (text) => { const place = detail.querySelector("[data-found]"); if (place) place.textContent = text; };

  function mark() {
    CSS.highlights.delete("found");
    CSS.highlights.delete("current");
    ranges = []; at = -1;
    const wanted = input()?.value.toLowerCase() ?? "";
    if (wanted === "") return found("");
    const walk = document.createTreeWalker(detail, NodeFilter.SHOW_TEXT, (node) =>
      node.parentElement.closest(".part") && !node.parentElement.closest(".preview, button") ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP);
    for (let node; (node = walk.nextNode()) && ranges.length < 2000;) {
      const text = node.data.toLowerCase();
      for (let from = text.indexOf(wanted); from >= 0 && ranges.length < 2000; from = text.indexOf(wanted, from + wanted.length)) {
        if (from + wanted.length > node.length) break;
        const range = new Range();
        range.setStart(node, from);
        range.setEnd(node, from + wanted.length);
        ranges.push(range);
      }
    }
    CSS.highlights.set("found", new Highlight(...ranges));
    found(ranges.length ? `${ranges.length === 2000 ? "2000+" : ranges.length} found` : "no match");
  }

  function next(by) {
    if (ranges.length === 0) return;
    at = (at + by + ranges.length) % ranges.length;
    const range = ranges[at], element = range.startContainer.parentElement;
    for (let fold = element.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    CSS.highlights.set("current", new Highlight(range));
    const box = range.getBoundingClientRect(), view = detail.getBoundingClientRect(), head = detail.querySelector("header").offsetHeight;
    if (box.top < view.top + head || box.bottom > view.bottom) element.scrollIntoView({ block: "center" });
    found(`${at + 1} of ${ranges.length}`);
  }

  detail.addEventListener("input", (event) => { if (event.target.matches("[data-find]")) mark(); });
  detail.addEventListener("keydown", (event) => {
    if (!event.target.matches("[data-find]")) return;
    if (event.key === "Enter") { event.preventDefault(); next(event.shiftKey ? -1 : 1); }
    if (event.key === "Escape") { event.target.value = ""; mark(); event.stopPropagation(); }
  });
  document.addEventListener("htmx:after:swap", () => { if (input()?.value) mark(); else { ranges = []; CSS.highlights.clear(); } });
}
