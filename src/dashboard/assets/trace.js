// The trace page's tree: keyboard, search, folding, choosing a span. What is in a
// span's detail is span.js's, the time axis axis.js's, and asking whether more
// has come live.js's. Everything on the page is there without this; what a client
// sent is only ever compared or read as text.

const page = document.querySelector(".trace");
const tree = document.querySelector(".tree");
const detail = document.getElementById("span");
const wide = matchMedia("(min-width: 960px)");

if (tree) {
  let rows, place, groups, level, texts, hits = [];
  /** Looks at the tree: at first, and when more of it has come. */
  function read() {
    rows = [...tree.querySelectorAll(".r")];
    place = new Map(rows.map((row, at) => [row, at]));
    groups = [...tree.querySelectorAll(".group")];
    level = rows.map((row) => Number(row.getAttribute("aria-level")));
    texts = null;
  }
  read();
  const folded = (row) => row.getAttribute("aria-expanded") === "false";
  const idOf = (row) => row.dataset.spanId;
  const byId = (id) => rows.find((row) => idOf(row) === id);
  let active = rows.find((row) => row.tabIndex === 0) ?? rows[0];
  let selected = rows.find((row) => row.hasAttribute("aria-selected"));
  let shown = detail.hasAttribute("hx-get") || !selected ? null : idOf(selected);
  const base = location.pathname.replace(/\/$/, "");
  // From the row's link, not its attribute: HTML changes some characters of ids.
  const urlOf = (row) => base + row.querySelector("a").search.replace("?span=", "/spans/");

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
    document.title = `${row.querySelector("a").textContent.slice(0, 80)} · ${page.dataset.title} · Edgespan`;
    if (shown !== idOf(row)) {
      shown = idOf(row);
      htmx.ajax("GET", urlOf(row), { source: detail, target: detail, swap: "innerHTML" });
    } else page.dispatchEvent(new Event("trace:again"));
    if (how.show && !wide.matches) detail.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  // What could not be had is said where it would have been, and asked for again
  // when it is chosen again.
  for (const event of ["htmx:response:error", "htmx:error"]) {
    detail.addEventListener(event, ({ detail: { ctx } }) => {
      if (ctx.target !== detail) return;
      const said = Object.assign(document.createElement("p"), { className: "message warn" });
      said.setAttribute("role", "alert");
      said.textContent = `This span could not be loaded${ctx.response ? ` (${ctx.response.status})` : ""}. Choose it again to try again.`;
      detail.replaceChildren(said);
      shown = null;
    });
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
    if (row && !event.target.closest("i, .w")) fold(row, !folded(row));
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
    else if (event.key.toLowerCase() === "e") nextError();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
  });
  document.querySelector("[data-help]").addEventListener("click", () => help.showModal());

  // More of the trace has come: its tree is put in the place of the old one, with
  // the same rows folded and chosen.
  page.addEventListener("trace:came", ({ detail: fresh }) => {
    const next = fresh.querySelector(".tree");
    if (!next) return;
    const closed = new Set(rows.filter(folded).map(idOf));
    const [at, chosen] = [idOf(active), selected && idOf(selected)];
    const [top, focused] = [tree.scrollTop, tree.contains(document.activeElement)];
    tree.className = next.className;
    tree.setAttribute("aria-rowcount", next.getAttribute("aria-rowcount"));
    tree.replaceChildren(...next.childNodes);
    read();
    for (const row of rows) {
      row.removeAttribute("tabindex");
      row.removeAttribute("aria-selected");
      if (closed.has(idOf(row)) && row.hasAttribute("aria-expanded")) row.setAttribute("aria-expanded", "false");
    }
    active = byId(at) ?? rows[0];
    active.tabIndex = 0;
    selected = chosen ? byId(chosen) : undefined;
    selected?.setAttribute("aria-selected", "true");
    layOut();
    if (search.value) find();
    page.dispatchEvent(new Event("trace:tree"));
    tree.scrollTop = top;
    if (focused) active.focus({ preventScroll: true });
  });

  // A deep link: to where the span is.
  if (selected && new URLSearchParams(location.search).has("span")) focus(selected, true);
  let height = rows[0].offsetHeight;
  new ResizeObserver(() => { if (rows[0].offsetHeight !== height) { height = rows[0].offsetHeight; layOut(); } }).observe(tree);
  const last = groups.at(-1);
  last.style.containIntrinsicHeight = `${last.children.length * height}px`;
  document.documentElement.dataset.ready = "trace";
}
