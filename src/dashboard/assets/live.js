// A trace while one looks at it: asked about again and again, and what has
// changed put in the place of what was there. trace/main.js puts the tree in place.

const page = /** @type {HTMLElement} */ (document.querySelector(".trace"));
const detail = /** @type {HTMLElement} */ (document.getElementById("span"));

const EVERY = 2_000;
/** While it runs: what has come is there within a second. */
const RUNNING = 700;
/** When nothing has changed for long it is asked about less often, and, unless it
 *  runs, not at all. */
const LONG = 600_000;
const SELDOM = 10_000;

/** @param {string} html */
const parse = (html) => new DOMParser().parseFromString(html, "text/html");
const swapped = () => page.dispatchEvent(new CustomEvent("htmx:after:swap", { bubbles: true }));

if (page) {
  let asking = false;
  let changed = Date.now();

  const head = () => detail?.querySelector("header[data-version]");

  /** Asks whether the trace, or the span that is shown, is not what it was. */
  async function ask() {
    if (asking) return;
    asking = true;
    try {
      const shown = head();
      const query = shown ? `?span=${String(shown.dataset.url).split("/").pop()}` : "";
      const answer = await fetch(location.pathname + query, { headers: { "HX-Request": "true" } });
      // Signed out meanwhile: the answer says where to, and the page there why.
      if (answer.status === 401) return location.assign(answer.headers.get("HX-Redirect") ?? "/sign-in");
      if (!answer.ok) return;
      const [state, version] = (await answer.text()).split(" ");
      if (shown && shown === head() && version && version !== shown.dataset.version) await renewDetail(shown);
      if (state !== page.dataset.state) await renew();
      else if (!version || version === shown?.dataset.version) return;
      changed = Date.now();
    } catch {
      /* Asked again. */
    } finally {
      asking = false;
    }
  }

  async function renew() {
    const answer = await fetch(location.pathname, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = parse(await answer.text());
    const next = fresh.querySelector(".trace");
    if (!next) return;
    // With the first span all of the page is another.
    if (next.querySelector(".tree") && !page.querySelector(".tree")) return location.reload();
    page.dataset.state = next.dataset.state;
    for (const name of ["data-live", "data-running"]) page.toggleAttribute(name, next.hasAttribute(name));
    /** @param {string} selector */
    const both = (selector) => [page, next].map((one) => one.querySelector(selector));
    for (const [old, put] of [".summary", ":scope > [data-note]"].map(both))
      if (old && put) {
        exchange(old, put);
        htmx.process(put);
      }
    for (const [old, put] of ["[data-fold=all]", "[data-fold=none]", "[data-next-error]"].map(both))
      if (old && put) old.hidden = put.hidden;
    page.dispatchEvent(new CustomEvent("trace:came", { detail: fresh }));
    swapped();
  }

  /** Asks from time to time for as long as more may come. */
  async function follow() {
    if (!document.hidden) await ask();
    const long = Date.now() - changed >= LONG;
    const runs = page.hasAttribute("data-running");
    if (long && !runs) return;
    setTimeout(follow, long ? SELDOM : runs ? RUNNING : EVERY);
  }
  if (page.hasAttribute("data-live")) {
    setTimeout(follow, page.hasAttribute("data-running") ? RUNNING : EVERY);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) ask();
    });
  }
  // Whoever chooses the span that is shown may want to know whether it still is so.
  page.addEventListener("trace:again", ask);

  // The shown span has changed: only the parts of its detail that did are put in
  // place, so that what one reads, has unfolded or is writing stays as it is.
  /** The parts as they came, by name.
   *  @type {Map<string, string>} */
  let came = new Map();
  /** @param {Element} part */
  const nameOf = (part) => part.id || part.className || part.localName;
  /** @param {Iterable<Element>} parts */
  const remember = (parts) => {
    came = new Map([...parts].map((part) => [nameOf(part), part.outerHTML]));
  };

  if (detail) {
    remember(detail.children);
    document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
      if (ctx?.target === detail && ctx.response?.status === 200) remember(parse(ctx.text ?? "").body.children);
    });
  }

  /** @param {HTMLElement} shown */
  async function renewDetail(shown) {
    const answer = await fetch(String(shown.dataset.url), { headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    const fresh = [...parse(await answer.text()).body.children];
    // Another may have been chosen meanwhile.
    if (head() !== shown) return;
    const [before, top] = [came, detail.scrollTop];
    remember(fresh);
    const old = new Map([...detail.children].map((part) => [nameOf(part), part]));
    /** @type {Element | null} */
    let last = null;
    for (const part of fresh) {
      const name = nameOf(part);
      const was = old.get(name);
      old.delete(name);
      let put = was ?? part;
      if (!was || before.get(name) !== came.get(name)) {
        put = part;
        if (was) exchange(was, part);
        else if (last) last.after(part);
        else detail.prepend(part);
        htmx.process(part);
      }
      last = put;
    }
    for (const gone of old.values()) gone.remove();
    detail.scrollTop = top;
    swapped();
  }

  /** One part for another: what is unfolded, written and focused in it stays so.
   *  @param {Element} was
   *  @param {Element} part */
  function exchange(was, part) {
    const focused = /** @type {HTMLElement} */ (document.activeElement);
    const CONTROLS = "a, button, input, summary";
    const at = [...was.querySelectorAll(CONTROLS)].indexOf(focused);
    const open = folds(was);
    const [find, place] = [was, part].map((one) => one.querySelector(".find"));
    // A note that one is writing stays with the form that it is written in.
    const [form, fresh] = [was, part].map((one) => one.querySelector("[data-rate]"));
    const note = form?.querySelector("textarea");
    const writing = note && (note.value !== note.defaultValue || focused === note);
    const caret = writing && focused === note ? { from: note.selectionStart, to: note.selectionEnd } : null;
    const field = find?.querySelector("input");
    const range = field && focused === field ? { from: field.selectionStart, to: field.selectionEnd } : null;
    was.replaceWith(part);
    if (find && place) place.replaceWith(find);
    if (writing && form && fresh) {
      fresh.replaceWith(form);
      if (caret) {
        note.focus({ preventScroll: true });
        note.setSelectionRange(caret.from, caret.to);
      }
    }
    unfold(part, open);
    if (at >= 0) part.querySelectorAll(CONTROLS)[at]?.focus({ preventScroll: true });
    if (field && range) field.setSelectionRange(range.from, range.to);
    /** @param {Element} one */
    const mode = (one) => one.querySelector(".modes [aria-current]");
    const chosen = mode(was)?.getAttribute("href");
    if (chosen && chosen !== mode(part)?.getAttribute("href")) {
      htmx.ajax("GET", chosen, { source: part, target: part, swap: "outerHTML" });
    }
  }

  /** Which parts are unfolded or folded, each by its place among the others.
   *  @param {Element} within */
  function folds(within) {
    /** @param {Element} fold
     *  @returns {string} */
    const path = (fold) => {
      const parent = /** @type {Element} */ (fold.parentElement);
      const siblings = [...parent.children];
      const above = parent.closest("details");
      return `${above && within.contains(above) ? path(above) : ""}/${siblings.indexOf(fold)}:${parent.className}`;
    };
    return new Map([...within.querySelectorAll("details")].map((fold) => [path(fold), fold]));
  }
  /** @param {Element} within
   *  @param {ReturnType<typeof folds>} old */
  function unfold(within, old) {
    for (const [path, fold] of folds(within)) fold.open = old.get(path)?.open ?? fold.open;
  }
}
