// A trace while one looks at it: asked about again and again, and what has
// changed put in the place of what was there. trace.js puts the tree in place.

const page = document.querySelector(".trace");
const detail = document.getElementById("span");

const EVERY = 2_000;
/** When nothing has changed for long it is asked about less often, and, unless it
 *  runs, not at all. */
const LONG = 600_000;
const SELDOM = 10_000;

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
      const query = shown ? `?span=${shown.dataset.url.split("/").pop()}` : "";
      const answer = await fetch(location.pathname + query, { headers: { "HX-Request": "true" } });
      if (!answer.ok) return;
      const [state, version] = (await answer.text()).split(" ");
      if (shown && shown === head() && version && version !== shown.dataset.version) await renewDetail(shown);
      if (state !== page.dataset.state) await renew();
      else if (!version || version === shown?.dataset.version) return;
      changed = Date.now();
    } catch { /* Asked again. */ } finally {
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
    const both = (selector) => [page, next].map((one) => one.querySelector(selector));
    for (const [old, put] of [".summary", ":scope > [data-note]"].map(both)) if (old && put) exchange(old, put);
    for (const [old, put] of ["[data-fold=all]", "[data-fold=none]", "[data-next-error]"].map(both)) if (old && put) old.hidden = put.hidden;
    page.dispatchEvent(new CustomEvent("trace:came", { detail: fresh }));
    swapped();
  }

  /** Asks from time to time for as long as more may come. */
  async function follow() {
    if (!document.hidden) await ask();
    const long = Date.now() - changed >= LONG;
    if (long && !page.hasAttribute("data-running")) return;
    setTimeout(follow, long ? SELDOM : EVERY);
  }
  if (page.hasAttribute("data-live")) {
    setTimeout(follow, EVERY);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  }
  // Whoever chooses the span that is shown may want to know whether it still is so.
  page.addEventListener("trace:again", ask);

  // The shown span has changed: only the parts of its detail that did are put in
  // place, so that what one reads, has unfolded or is writing stays as it is.
  /** The parts as they came, by name. */
  let came = new Map();
  const nameOf = (part) => part.id || part.className || part.localName;
  const remember = (parts) => { came = new Map([...parts].map((part) => [nameOf(part), part.outerHTML])); };

  if (detail) {
    remember(detail.children);
    document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
      if (ctx?.target === detail && ctx.response?.status === 200) remember(parse(ctx.text).body.children);
    });
  }

  async function renewDetail(shown) {
    const answer = await fetch(shown.dataset.url, { headers: { "HX-Request": "true" } });
    if (!answer.ok) return;
    const fresh = [...parse(await answer.text()).body.children];
    // Another may have been chosen meanwhile.
    if (head() !== shown) return;
    const [before, top] = [came, detail.scrollTop];
    remember(fresh);
    const old = new Map([...detail.children].map((part) => [nameOf(part), part]));
    let last = null;
    for (const part of fresh) {
      const name = nameOf(part);
      const was = old.get(name);
      old.delete(name);
      let put = was;
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

  /** One part for another: what is unfolded, written and focused in it stays so. */
  function exchange(was, part) {
    const CONTROLS = "a, button, input, summary";
    const at = [...was.querySelectorAll(CONTROLS)].indexOf(document.activeElement);
    const open = folds(was);
    const [find, place] = [was, part].map((one) => one.querySelector(".find"));
    const range = document.activeElement === find?.querySelector("input") ? [document.activeElement.selectionStart, document.activeElement.selectionEnd] : null;
    was.replaceWith(part);
    if (find && place) place.replaceWith(find);
    unfold(part, open);
    if (at >= 0) part.querySelectorAll(CONTROLS)[at]?.focus({ preventScroll: true });
    if (range) document.activeElement.setSelectionRange?.(...range);
    const look = (one) => one.querySelector(".looks [aria-current]");
    const chosen = look(was)?.getAttribute("href");
    if (chosen && chosen !== look(part)?.getAttribute("href")) {
      htmx.ajax("GET", chosen, { source: part, target: part, swap: "outerHTML" });
    }
  }

  /** Which parts are unfolded or folded, each by its place among the others. */
  function folds(within) {
    const path = (fold) => {
      const siblings = [...fold.parentElement.children];
      const above = fold.parentElement.closest("details");
      return `${above && within.contains(above) ? path(above) : ""}/${siblings.indexOf(fold)}:${fold.parentElement.className}`;
    };
    return new Map([...within.querySelectorAll("details")].map((fold) => [path(fold), fold]));
  }
  function unfold(within, old) {
    for (const [path, fold] of folds(within)) if (old.has(path)) fold.open = old.get(path).open;
  }
}
