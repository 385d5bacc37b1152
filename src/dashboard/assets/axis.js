// The time axis of a trace: zooming, its ticks, what a bar says in numbers, and
// the time that goes on while the trace runs. The tree itself is trace/'s.
// Times are microseconds from the start of the axis on.

// Only the page of a trace has it, and only one of a trace with spans a tree.
const page = /** @type {HTMLElement} */ (document.querySelector(".trace"));
const tree = /** @type {HTMLElement} */ (page?.querySelector(".tree"));

if (tree) {
  const unzoom = /** @type {HTMLElement} */ (page.querySelector("[data-unzoom]"));
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  /** @type {SVGSVGElement} */
  let axis;
  /** @type {SVGSVGElement} */
  let lines;
  /** @type {number} */
  let length;
  /** What was there to begin with.
   *  @type {{ svg: SVGSVGElement, nodes: ChildNode[] }[]} */
  let drawn;
  /** What the time was by the server, and when that was by this machine.
   *  @type {{ now: number, at: number } | null} */
  let running;
  /** @type {[bar: SVGRectElement, x: number][]} */
  let growing;
  /** The part that is seen, where one has zoomed in; else it is all of it.
   *  @type {[from: number, to: number] | null} */
  let view = null;

  /** Looks at what is drawn: at first, and when more of the trace has come. */
  function read() {
    axis = /** @type {SVGSVGElement} */ (tree.querySelector("[data-length]"));
    lines = /** @type {SVGSVGElement} */ (tree.querySelector(".lines"));
    length = Number(axis.dataset.length);
    drawn = [axis, lines].map((svg) => ({ svg, nodes: [...svg.childNodes] }));
    running = axis.hasAttribute("data-now") ? { now: Number(axis.dataset.now), at: Date.now() } : null;
    growing = [];
    /** @type {Iterable<SVGRectElement>} */
    const bars = running ? tree.querySelectorAll(".u .w rect") : [];
    for (const bar of bars) {
      const [x, width] = [number(bar, "x"), number(bar, "width")];
      // What ends now goes on: the bar itself, and the critical path in it.
      if (Math.abs(x + width - (Number(running?.now) / length) * 100) < 0.001) growing.push([bar, x]);
    }
    draw();
  }

  /** The time, by what the server said it was and what has passed since: it does
   *  not matter what time this machine takes it for. */
  const now = () => (running ? running.now + Math.max(0, Date.now() - running.at) * 1e3 : 0);
  const end = () => Math.max(length, now());

  /** All bars are drawn in percent of the axis as the server knew it, so a wider
   *  or narrower drawing of which a part is seen is all it takes. */
  function draw() {
    const time = now();
    const [from, to] = view ?? [0, Math.max(length, time)];
    unzoom.hidden = view === null;
    const asDrawn = from === 0 && to === length;
    tree.classList.toggle("zoomed", !asDrawn);
    tree.style.setProperty("--from", String(from / length));
    tree.style.setProperty("--to", String(to / length));
    tree.style.setProperty("--zoom", String(length / (to - from)));
    for (const [bar, x] of growing) bar.setAttribute("width", `${(time / length) * 100 - x}%`);
    if (asDrawn && !running) {
      for (const { svg, nodes } of drawn) svg.replaceChildren(...nodes);
      return;
    }
    /** @param {number} at */
    const place = (at) => `${(at / length) * 100}%`;
    /** @param {number} at
     *  @param {string} [name] */
    const line = (at, name) => element("line", { x1: place(at), x2: place(at), y2: "100%", ...(name && { class: name }) });
    const box = seen();
    const step = roundStep((to - from) / Math.max(2, Math.min(10, box.width / 70)));
    /** @type {number[]} */
    const ticks = [];
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
    const said = running && time >= from && time <= to ? element("text", { x: place(time), y: "50%", class: "now" }, "now") : null;
    const texts = ticks.map((at) => element("text", { x: place(at), y: "50%", class: "tick" }, label(at, step)));
    axis.replaceChildren(...texts, ...(said ? [said] : []));
    lines.replaceChildren(...ticks.map((at) => line(at)), ...(running ? [line(time, "now")] : []));
    thin(texts, box, said?.getBoundingClientRect());
  }

  /** Leaves out what would be printed over another label, or outside.
   *  @param {SVGElement[]} texts
   *  @param {DOMRect} box
   *  @param {DOMRect} [said] */
  function thin(texts, box, said) {
    const GAP = 6;
    let free = box.left;
    for (const text of texts) {
      const fits = () => {
        const { left, right } = text.getBoundingClientRect();
        const clear = !said || right + GAP <= said.left || left - GAP >= said.right;
        return left >= free && right <= box.right && clear ? right : null;
      };
      let right = fits();
      if (right === null) {
        // Written before its line, where there is no room behind it.
        text.setAttribute("class", "end");
        right = fits();
      }
      if (right === null) text.remove();
      else free = right + GAP;
    }
  }

  /** @param {string} name
   *  @param {Record<string, string>} attributes */
  function element(name, attributes, text = "") {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.textContent = text;
    return made;
  }

  /** An attribute of a bar, which is in percent.
   *  @param {Element} bar
   *  @param {string} name */
  function number(bar, name) {
    return parseFloat(bar.getAttribute(name) ?? "");
  }

  /** Where the axis is, as far as it is seen. */
  function seen() {
    return /** @type {Element} */ (axis.parentElement).getBoundingClientRect();
  }

  /** The first round number of microseconds that is no less.
   *  @param {number} least */
  function roundStep(least) {
    const seconds = [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400].map((s) => s * 1e6);
    const round = least > 1e7 && seconds.find((step) => step >= least);
    if (round) return round;
    const unit = least > 1e7 ? 86400e6 : 1;
    const power = unit * 10 ** Math.floor(Math.log10(Math.max(1, least / unit)));
    return [1, 2, 5].map((n) => n * power).find((step) => step >= least) ?? 10 * power;
  }

  /** A time without what is zero in it, as the server's own labels: `1 h 30 m`.
   *  @param {number} at
   *  @param {number} step */
  function label(at, step) {
    if (at === 0) return "0";
    /** @param {number} n */
    const parts = (n) => String(Number(n.toFixed(6)));
    if (at < 1e3) return `${parts(at)} µs`;
    if (at < 1e6 || (at < 1e7 && step < 1e3)) return `${parts(at / 1e3)} ms`;
    const whole = Math.floor(at / 1e6);
    const units = [
      [Math.floor(whole / 86400).toLocaleString("en"), "d"],
      [Math.floor((whole % 86400) / 3600), "h"],
      [Math.floor((whole % 3600) / 60), "m"],
    ];
    return [...units, [parts((at / 1e6) % 60), "s"]]
      .filter(([n]) => String(n) !== "0")
      .map(([n, unit]) => `${n} ${unit}`)
      .join(" ");
  }

  /** Shows a part of the time; all of it where that is what is asked for.
   *  @param {number} from
   *  @param {number} to */
  function zoom(from, to) {
    const all = end();
    const width = Math.min(all, Math.max(to - from, all * 1e-4, 10));
    const start = Math.min(all - width, Math.max(0, from));
    view = width === all ? null : [start, start + width];
    draw();
  }

  /** @param {HTMLElement | null} row */
  function zoomTo(row) {
    const bar = row?.querySelector("rect");
    if (!bar) return;
    const [from, width] = [(number(bar, "x") / 100) * length, (number(bar, "width") / 100) * length];
    zoom(from - width * 0.04, from + width * 1.04);
  }

  const active = () => tree.querySelector('.r[tabindex="0"]');
  unzoom.addEventListener("click", () => {
    zoom(0, end());
    active()?.focus({ preventScroll: true });
  });
  tree.addEventListener("dblclick", (event) => {
    if (event.target.closest(".w")) zoomTo(event.target.closest(".r"));
  });
  tree.addEventListener(
    "wheel",
    (event) => {
      const box = seen();
      const [from, to] = view ?? [0, end()];
      const width = to - from;
      const at = (event.clientX - box.left - 8) / (box.width - 24);
      if (at < 0) return;
      if (event.ctrlKey || event.metaKey) {
        const next = width * Math.exp(event.deltaY * 0.004);
        const here = from + at * width;
        zoom(here - at * next, here - at * next + next);
      } else if (view && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
        const by = ((event.deltaX || event.deltaY) / box.width) * width;
        zoom(from + by, to + by);
      } else return;
      event.preventDefault();
    },
    { passive: false },
  );
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    if (event.key.toLowerCase() === "z") zoomTo(active());
    else if (event.key === "0") zoom(0, end());
    else return;
    event.preventDefault();
  });

  // What a bar says in numbers, and what a name has no room for: on hover.
  /** @param {number} us */
  const spell = (us) =>
    us < 1e3
      ? `${Math.round(us)} µs`
      : us < 1e6
        ? `${(us / 1e3).toFixed(us < 1e4 ? 1 : 0)} ms`
        : us < 6e7
          ? `${(us / 1e6).toFixed(2)} s`
          : `${Math.floor(us / 6e7)} m ${String(Math.floor((us % 6e7) / 1e6)).padStart(2, "0")} s`;
  tree.addEventListener("mouseover", (event) => {
    const row = event.target.closest(".r");
    if (!row) return;
    const bar = event.target.closest(".w")?.querySelector("rect");
    const name = /** @type {HTMLElement} */ (row.querySelector("a"));
    const after = bar ? (number(bar, "x") / 100) * length : 0;
    row.title = bar
      ? `${name.textContent}: after ${spell(after)}, for ${row.querySelector(".d")?.textContent}`
      : event.target === name && name.scrollWidth > name.clientWidth
        ? name.textContent
        : "";
  });

  // Each second a little more of it; rarely where nothing is to move.
  let told = Date.now();
  setInterval(() => {
    if (!running || document.hidden || (still.matches && Date.now() - told < 10_000)) return;
    told = Date.now();
    draw();
  }, 1_000);
  page.addEventListener("trace:tree", read);
  new ResizeObserver(() => {
    if (view || running) draw();
  }).observe(tree);
  read();
}
