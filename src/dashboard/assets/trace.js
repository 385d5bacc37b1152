// The trace page's tree: keyboard, search, folding, choosing a span. What is in a
// span's detail is span.js's, the time axis axis.js's, and asking whether more
// has come live.js's. Everything on the page is there without this; what a client
// sent is only ever compared or read as text.

// Only the page of a trace with spans has them.
const page = /** @type {HTMLElement} */ (document.querySelector(".trace"));
const tree = /** @type {HTMLElement} */ (document.querySelector(".tree"));
const detail = /** @type {HTMLElement} */ (document.getElementById("span"));
const split = /** @type {HTMLElement} */ (detail?.parentElement);
const wide = matchMedia("(min-width: 960px)");

if (tree) {
  /** @type {HTMLElement[]} */
  let rows = [];
  /** @type {Map<HTMLElement, number>} */
  let place = new Map();
  /** @type {HTMLElement[]} */
  let groups = [];
  /** @type {number[]} */
  let level = [];
  /** @type {string[] | null} */
  let texts = null;
  /** @type {HTMLElement[]} */
  let hits = [];
  /** Looks at the tree: at first, and when more of it has come. */
  function read() {
    rows = [...tree.querySelectorAll(".r")];
    place = new Map(rows.map((row, at) => [row, at]));
    groups = [...tree.querySelectorAll(".group")];
    level = rows.map((row) => Number(row.getAttribute("aria-level")));
    texts = null;
  }
  read();
  /** @param {HTMLElement} row */
  const folded = (row) => row.getAttribute("aria-expanded") === "false";
  /** @param {HTMLElement} row */
  const idOf = (row) => String(row.dataset.spanId);
  /** @param {string | undefined} id */
  const byId = (id) => rows.find((row) => idOf(row) === id);
  const first = () => /** @type {HTMLElement} */ (rows[0]);
  /** @param {HTMLElement} row */
  const linkOf = (row) => /** @type {HTMLAnchorElement} */ (row.querySelector("a"));
  /** @param {number} at */
  const levelAt = (at) => level[at] ?? 0;
  /** @param {HTMLElement} row */
  const placeOf = (row) => place.get(row) ?? -1;
  let active = rows.find((row) => row.tabIndex === 0) ?? first();
  let selected = rows.find((row) => row.hasAttribute("aria-selected"));
  let shown = detail.hasAttribute("hx-get") || !selected ? null : idOf(selected);
  const base = location.pathname.replace(/\/$/, "");
  // From the row's link, not its attribute: HTML changes some characters of ids.
  const urlOf = (/** @type {HTMLElement} */ row) => base + linkOf(row).search.replace("?span=", "/spans/");

  /** Hides what is below folded rows, and says how high each group then is:
   *  those out of sight are not laid out. */
  function layOut() {
    let under = Infinity;
    rows.forEach((row, at) => {
      if (levelAt(at) <= under) under = Infinity;
      row.hidden = under !== Infinity;
      if (under === Infinity && folded(row)) under = levelAt(at);
    });
    const height = first().offsetHeight || 28;
    for (const group of groups) {
      const count = [...group.children].filter((row) => !row.hasAttribute("hidden")).length;
      group.hidden = count === 0;
      group.style.containIntrinsicHeight = `${count * height}px`;
    }
  }

  /** @param {HTMLElement} row
   *  @param {boolean} close */
  function fold(row, close) {
    if (!row.hasAttribute("aria-expanded") || folded(row) === close) return;
    row.setAttribute("aria-expanded", String(!close));
    layOut();
    if (active.hidden) focus(row);
  }

  /** @param {HTMLElement} row */
  const parentOf = (row) => {
    let at = placeOf(row);
    for (const own = levelAt(at); at >= 0; at--) if (levelAt(at) < own) return rows[at];
    return undefined;
  };

  /** @param {HTMLElement} row */
  function reveal(row) {
    let changed = false;
    for (let above = parentOf(row); above; above = parentOf(above)) {
      if (folded(above)) {
        above.setAttribute("aria-expanded", "true");
        changed = true;
      }
    }
    if (changed) layOut();
  }

  /** @param {HTMLElement | undefined} row
   *  @param {boolean} [quiet] */
  function focus(row, quiet) {
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

  /** @param {number} by */
  const step = (by) => {
    let at = placeOf(active) + by;
    while (rows[at]?.hidden) at += by;
    return rows[at];
  };

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let pending;
  /** @param {HTMLElement} row
   *  @param {{ show?: boolean }} [how] */
  function select(row, how = {}) {
    clearTimeout(pending);
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

  /** Moves, and shows where one has come to rest.
   *  @param {HTMLElement | undefined} row */
  function go(row) {
    if (!row) return;
    focus(row);
    clearTimeout(pending);
    if (wide.matches && !split.classList.contains("wide")) pending = setTimeout(() => select(row), 220);
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
    const far = (/** @type {number} */ by) => {
      let row = active;
      for (let n = 0; n < page; n++) {
        const next = step(by);
        if (!next) break;
        active = row = next;
      }
      return row;
    };
    const was = active;
    /** @type {HTMLElement | undefined} */
    let to;
    switch (event.key) {
      case "ArrowDown":
      case "j":
        to = step(1);
        break;
      case "ArrowUp":
      case "k":
        to = step(-1);
        break;
      case "Home":
        to = first();
        break;
      case "End":
        to = rows.findLast((row) => !row.hidden);
        break;
      case "PageDown":
        to = far(1);
        active = was;
        break;
      case "PageUp":
        to = far(-1);
        active = was;
        break;
      case "ArrowRight":
        if (open === "false") fold(active, false);
        else if (open) to = step(1);
        break;
      case "ArrowLeft":
        if (open === "true") fold(active, true);
        else to = parentOf(active);
        break;
      case "Enter":
      case " ":
        select(active, { show: true });
        break;
      default:
        return;
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
        if (row.hasAttribute("aria-expanded")) row.setAttribute("aria-expanded", String(!close || levelAt(at) < 2));
      });
      layOut();
      if (active.hidden) focus(first(), true);
      else focus(active, true);
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
    const from = placeOf(active);
    const errors = rows.filter((row) => row.classList.contains("e"));
    const row = errors.find((row) => placeOf(row) > from) ?? errors[0];
    if (!row) return;
    reveal(row);
    focus(row);
    select(row);
  }

  function close() {
    split.classList.add("wide");
    if (!wide.matches) tree.scrollIntoView({ block: "nearest" });
    focus(active);
  }

  // Searching: in names and models.
  const search = /** @type {HTMLInputElement} */ (document.querySelector("[data-search]"));
  const matches = /** @type {HTMLElement} */ (document.querySelector("[data-matches]"));
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
    const row =
      by > 0 ? (hits.find((row) => placeOf(row) > from) ?? hits[0]) : (hits.findLast((row) => placeOf(row) < from) ?? hits.at(-1));
    if (!row) return;
    reveal(row);
    focus(row, true);
    select(row);
    tell();
  }
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

  // Keys of the page, where nothing is being written.
  const help = /** @type {HTMLDialogElement} */ (document.getElementById("help"));
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
  document.querySelector("[data-help]")?.addEventListener("click", () => help.showModal());

  // More of the trace has come: its tree is put in the place of the old one, with
  // the same rows folded and chosen.
  page.addEventListener("trace:came", ({ detail: fresh }) => {
    const next = fresh.querySelector(".tree");
    if (!next) return;
    const closed = new Set(rows.filter(folded).map(idOf));
    const [at, chosen] = [idOf(active), selected && idOf(selected)];
    const [top, focused] = [tree.scrollTop, tree.contains(document.activeElement)];
    tree.className = next.className;
    tree.setAttribute("aria-rowcount", next.getAttribute("aria-rowcount") ?? "");
    tree.replaceChildren(...next.childNodes);
    read();
    for (const row of rows) {
      row.removeAttribute("tabindex");
      row.removeAttribute("aria-selected");
      if (closed.has(idOf(row)) && row.hasAttribute("aria-expanded")) row.setAttribute("aria-expanded", "false");
    }
    active = byId(at) ?? first();
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
  let height = first().offsetHeight;
  new ResizeObserver(() => {
    if (first().offsetHeight !== height) {
      height = first().offsetHeight;
      layOut();
    }
  }).observe(tree);
  const last = /** @type {HTMLElement} */ (groups.at(-1));
  last.style.containIntrinsicHeight = `${last.children.length * height}px`;
  document.documentElement.dataset.ready = "trace";
}
