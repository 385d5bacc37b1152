// The list while it is open: new traces come in without a reload and without
// moving what is being read. htmx asks and puts the answer into place; here is
// when it asks, and whether the answer may go into place now.

// What a page has none of is null, and is not prepared: see below.
const list = /** @type {HTMLElement} */ (document.getElementById("list"));
const chart = /** @type {HTMLElement} */ (document.getElementById("chart"));
const button = /** @type {HTMLElement} */ (document.getElementById("new-traces"));
const live = document.getElementById("live");
const form = /** @type {HTMLFormElement} */ (document.getElementById("filters"));

const EVERY = 2_000;
const CHART_EVERY = 10_000;
/** After a failure it waits longer and longer. */
const MAX_WAIT = 60_000;

if (list) keepUp();
if (form) prepareForm();
if (chart) prepareChart();

// What looks further back says so once it does, and stops when it is told to.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  ctx.sourceElement.querySelector(":scope.further > [hidden]")?.removeAttribute("hidden");
});
document.addEventListener("click", ({ target }) => {
  if (target.matches?.("[data-stop]")) target.closest(".further")?.remove();
});

function keepUp() {
  const later = list.hasAttribute("data-later");
  /** @param {ParentNode} within */
  const ids = (within) => [...within.querySelectorAll("[data-trace-id]")].map((row) => String(row.dataset.traceId));
  // On a later page, what the newest page has is not known before it was asked for.
  /** @type {Set<string> | null} */
  let known = later ? null : new Set(ids(list));
  let etag = later ? "" : list.dataset.etag;
  /** @type {string[]} */
  let fresh = [];
  let held = false;
  let paused = false;
  let asking = false;
  let wait = EVERY;
  let askedAt = Date.now();
  let chartAt = 0;
  /** Whether the list has changed since the charts were asked for. */
  let chartBehind = false;

  const readingBelow = () => list.getBoundingClientRect().top < 0;
  const ask = () => {
    if (!asking) htmx.trigger(list, "poll");
  };

  setInterval(() => {
    if (paused || document.hidden) return;
    if (Date.now() - askedAt >= wait) ask();
    // The charts follow the list: at once, and at most so often while it goes on.
    if (chart && chartBehind && Date.now() - chartAt >= CHART_EVERY) {
      chartAt = Date.now();
      chartBehind = false;
      htmx.trigger(chart, "refresh");
    }
  }, 100);
  document.addEventListener("visibilitychange", () => {
    if (!paused && !document.hidden) ask();
  });

  list.addEventListener("htmx:config:request", ({ target, detail: { ctx } }) => {
    if (target !== list) return;
    asking = true;
    askedAt = Date.now();
    if (etag) ctx.request.headers["If-None-Match"] = etag;
  });

  list.addEventListener("htmx:finally:request", ({ target, detail: { ctx } }) => {
    if (target !== list) return;
    asking = false;
    const failed = !ctx.response || ctx.response.status >= 400;
    wait = failed ? Math.min(wait * 2, MAX_WAIT) : EVERY;
    if (live) live.classList.toggle("failing", failed);
  });

  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx.sourceElement !== list || ctx.response?.status !== 200) return;
    etag = ctx.response.headers.get("etag") ?? "";
    const came = ids(new DOMParser().parseFromString(ctx.text ?? "", "text/html"));
    const before = known ?? new Set(came);
    known = before;
    // What moves up from the next page is not new.
    const last = came.findLastIndex((id) => before.has(id));
    fresh = came.filter((id, at) => !before.has(id) && (last < 0 || at < last));
    held = later || (fresh.length > 0 && readingBelow());
    if (held) event.preventDefault();
    else known = new Set(came);
    button.hidden = !(held && fresh.length > 0);
    button.textContent = saying(fresh.length);
  });

  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx?.sourceElement !== list || held) return;
    chartBehind = true;
    if (fresh.length === 0) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    for (const id of still ? [] : fresh) {
      const row = list.querySelector(`[data-trace-id="${CSS.escape(id)}"]`);
      row?.animate([{ backgroundColor: "var(--fresh)" }, { backgroundColor: "transparent" }], { duration: 1_800, easing: "ease-out" });
    }
    const announce = document.getElementById("announce");
    if (announce) announce.textContent = saying(fresh.length);
    fresh = [];
  });

  const show = () => {
    held = false;
    button.hidden = true;
    etag = "";
    ask();
  };
  button.addEventListener("click", () => {
    if (later) return location.assign(list.getAttribute("hx-get") ?? location.pathname);
    window.scrollTo({ top: 0 });
    show();
  });
  addEventListener(
    "scroll",
    () => {
      if (held && !later && !readingBelow()) show();
    },
    { passive: true },
  );

  if (live) {
    live.hidden = later;
    live.addEventListener("click", () => {
      paused = !paused;
      live.setAttribute("aria-pressed", String(!paused));
      live.textContent = paused ? "Paused" : "Live";
      if (!paused) ask();
    });
  }

  // From row to row with the keyboard; Enter is the link's own.
  document.addEventListener("keydown", (event) => {
    if (!["j", "k"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, select, textarea")) return;
    /** @type {HTMLElement[]} */
    const links = [...list.querySelectorAll("[data-trace-id] a.name")];
    const at = links.findIndex((link) => link.closest("[data-trace-id]")?.contains(document.activeElement));
    const to = event.key === "j" ? at + 1 : Math.max(0, at - 1);
    links[to]?.focus();
    event.preventDefault();
  });

  // A row is as good as its link, unless one is selecting text in it.
  list.addEventListener("click", (event) => {
    const row = event.target.closest("[data-trace-id]");
    if (!row || event.target.closest("a, button") || !getSelection()?.isCollapsed) return;
    const { href } = /** @type {HTMLAnchorElement} */ (row.querySelector("a.name"));
    if (event.ctrlKey || event.metaKey) open(href, "_blank", "noopener");
    else location.assign(href);
  });
}

/** @param {number} n */
function saying(n) {
  return n === 1 ? "1 new trace" : `${n >= 50 ? "50+" : n} new traces`;
}

function prepareForm() {
  /** @param {number} n */
  const two = (n) => String(n).padStart(2, "0");
  /** @type {Map<string, string>} */
  const exact = new Map();
  /** @type {NodeListOf<HTMLInputElement>} */
  const times = form.querySelectorAll("[data-time]");
  for (const input of times) {
    const given = input.value;
    const at = given && new Date(given);
    if (at && Number.isNaN(at.getTime())) continue;
    input.value = "";
    input.type = "datetime-local";
    input.step = "1";
    if (at)
      input.value = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
    // What is not changed is sent as it came: it may be more exact than what is shown.
    if (at) exact.set(`${input.name} ${input.value}`, given);
  }

  // URLs that say no more than they must.
  form.addEventListener("formdata", ({ formData }) => {
    const custom = formData.get("range") === "custom";
    for (const name of new Set(formData.keys())) {
      let values = formData
        .getAll(name)
        .map((value) => String(value).trim())
        .filter(Boolean);
      if (name === "from" || name === "to") values = custom ? values.map((value) => exact.get(`${name} ${value}`) ?? utc(value)) : [];
      if (name === "range" && (custom || values[0] === "24h")) values = [];
      formData.delete(name);
      for (const value of values) formData.append(name, value);
    }
  });
  /** @param {string} value */
  const utc = (value) => {
    const at = new Date(value);
    return Number.isNaN(at.getTime()) ? value : at.toISOString();
  };

  form.addEventListener("change", ({ target }) => {
    if (target.matches("select") && target.value !== "custom") form.requestSubmit();
  });

  const more = document.querySelector(".filters-switch");
  more?.addEventListener("click", () => {
    const open = form.classList.toggle("open");
    more.setAttribute("aria-expanded", String(open));
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select, textarea")) return;
    event.preventDefault();
    form.classList.add("open");
    document.getElementById("find")?.focus();
  });
}

// A click on a bar shows its traces; what it says on hover begins with the
// reader's time.
function prepareChart() {
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx?.sourceElement !== chart) return;
    for (const bar of chart.querySelectorAll("[data-from]")) {
      const title = bar.querySelector("title");
      if (title) title.textContent = title.textContent.replace(/^.* UTC$/m, local.format(new Date(String(bar.dataset.from))));
    }
  });
  chart.addEventListener("click", ({ target }) => {
    const bar = target.closest("[data-from]");
    if (!bar) return;
    const url = new URL(location.href);
    for (const name of ["range", "before", "from", "to"]) url.searchParams.delete(name);
    // As exact as the bar's number; the last bar is open at its end.
    const { from, to } = bar.dataset;
    if (from) url.searchParams.set("from", from);
    if (to) url.searchParams.set("to", to);
    location.assign(url);
  });
}
