// What all pages do: the theme, times in the reader's own zone, clocks of what
// runs, the way back, copying.
// Runs in the head, before anything is painted.

const root = document.documentElement;

// The theme: the system's, unless another was chosen here. Storage may be off.
const store = {
  get: () => {
    try {
      return localStorage.getItem("theme");
    } catch {
      return null;
    }
  },
  /** @param {string | null} theme */
  set: (theme) => {
    try {
      theme ? localStorage.setItem("theme", theme) : localStorage.removeItem("theme");
    } catch {
      /* for this page only, then */
    }
  },
};
/** @param {string | null} theme */
const applyTheme = (theme) => {
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  else delete root.dataset.theme;
};
applyTheme(store.get());

function switchTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const next = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
  // Back to the system's is back to following it.
  const theme = next === system ? null : next;
  applyTheme(theme);
  store.set(theme);
}

// Times: the server writes UTC; shown is the reader's zone, in as many characters.
/** @param {number} n */
const two = (n) => String(n).padStart(2, "0");
const zone = new Intl.DateTimeFormat(undefined, { timeZoneName: "short" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const shown = new WeakMap();

/** Shows the times in an element as local ones, those that are not so yet. */
function localTimes(within = document) {
  /** @type {NodeListOf<HTMLTimeElement>} */
  const times = within.querySelectorAll("time[datetime]");
  for (const time of times) {
    if (shown.get(time) === time.dateTime && time.title.includes("\n")) continue;
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const text = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
    if (shown.get(time) !== time.dateTime) time.textContent = text;
    const name = zone.formatToParts(at).find((part) => part.type === "timeZoneName")?.value ?? "";
    time.title = `${full.format(at)} ${name}\n${time.dateTime}`;
    shown.set(time, time.dateTime);
  }
}

document.addEventListener("DOMContentLoaded", () => localTimes());
for (const event of ["htmx:after:swap", "htmx:after:settle"]) document.addEventListener(event, () => localTimes());

// What changes with time. Nothing of it takes this machine's clock for the right
// one: `data-elapsed` is for how many microseconds something ran when it was put on
// the page, and is counted on from there; `data-since` and `data-ago` are points in
// time, in milliseconds, for pages that must not change only because time passes.
const begun = new WeakMap();
/** How far the server's clock is ahead of this one: the list says when it was made. */
let ahead = 0;
function setClock() {
  const made = Number(document.querySelector("[data-made]")?.dataset.made);
  const [loading] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  if (made && loading) ahead = made - (performance.timeOrigin + loading.responseStart);
}
/** @param {number} s */
function spell(s) {
  const [m, h, d] = [Math.floor(s / 60), Math.floor(s / 3600), Math.floor(s / 86400)];
  if (m === 0) return `${s} s`;
  if (h === 0) return `${m} m ${two(s % 60)} s`;
  return d === 0 ? `${h} h ${two(m % 60)} m` : `${d.toLocaleString("en")} d ${two(h % 24)} h`;
}
/** @param {number} seconds */
function distance(seconds) {
  const s = Math.abs(seconds);
  if (s < 10) return "now";
  const [n, unit] =
    s < 60
      ? [Math.floor(s / 10) * 10, "s"]
      : s < 3600
        ? [Math.floor(s / 60), "m"]
        : s < 86400
          ? [Math.floor(s / 3600), "h"]
          : [Math.floor(s / 86400), "d"];
  const text = `${n.toLocaleString("en")} ${unit}`;
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}
function tick() {
  const now = Date.now() + ahead;
  /** @param {string | undefined} at */
  const since = (at) => Math.round((now - Number(at)) / 1e3);
  /** @param {HTMLElement} one @param {string} text */
  const write = (one, text) => {
    if (one.textContent !== text) one.textContent = text;
  };
  for (const clock of document.querySelectorAll("[data-elapsed]")) {
    if (!begun.has(clock)) begun.set(clock, Date.now() - Number(clock.dataset.elapsed) / 1e3);
    write(clock, spell(Math.max(0, Math.floor((Date.now() - begun.get(clock)) / 1e3))));
  }
  for (const clock of document.querySelectorAll("[data-since]")) write(clock, spell(Math.max(0, since(clock.dataset.since))));
  for (const time of document.querySelectorAll("[data-ago]")) write(time, distance(since(time.dataset.ago)));
  const name = zone.formatToParts(now).find((part) => part.type === "timeZoneName")?.value ?? "local";
  for (const one of document.querySelectorAll("[data-zone]")) write(one, name);
}
document.addEventListener("DOMContentLoaded", setClock);
for (const event of ["DOMContentLoaded", "htmx:after:swap", "visibilitychange"]) document.addEventListener(event, tick);
setInterval(() => {
  if (!document.hidden) tick();
}, 1_000);

// The way back to the list leads to the list as one left it, filter and all. Kept
// is its query alone, so there is nowhere else that it could lead.
const LIST = "/traces";
const left = {
  get: () => {
    try {
      return sessionStorage.getItem("list");
    } catch {
      return null;
    }
  },
  /** @param {string} query */
  set: (query) => {
    try {
      sessionStorage.setItem("list", query);
    } catch {
      /* The whole list, then. */
    }
  },
};
function wayBack() {
  if (location.pathname === LIST) return left.set(location.search);
  if (location.pathname === "/sign-in") return left.set("");
  // In a tab of its own, what it was opened from says so.
  const from = document.referrer ? new URL(document.referrer) : null;
  if (from?.origin === location.origin && from.pathname === LIST) left.set(from.search);
  const query = left.get();
  const link = document.querySelector(`a.back[href="${LIST}"]`);
  if (link && query?.startsWith("?")) link.setAttribute("href", LIST + query);
}
document.addEventListener("DOMContentLoaded", wayBack);

// Copying: `data-copy` is the text, or `data-copy-from` the id of what has it, or
// it is the address of the page.
/** @param {HTMLElement} button */
async function copy(button) {
  const from = button.dataset.copyFrom;
  const text = button.matches("[data-copy-link]") ? location.href : from ? document.getElementById(from)?.textContent : button.dataset.copy;
  if (text == null) return;
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Not a secure origin, or not allowed: the old way.
    const area = Object.assign(document.createElement("textarea"), { value: text, className: "sr" });
    document.body.append(area);
    area.select();
    done = document.execCommand("copy");
    area.remove();
    button.focus();
  }
  button.dataset.label ??= button.textContent;
  const label = button.dataset.label;
  button.textContent = done ? "Copied" : "Press Ctrl-C";
  setTimeout(() => {
    button.textContent = label;
  }, 1500);
}

document.addEventListener("click", (event) => {
  const target = event.target.closest?.("[data-theme-switch], [data-copy], [data-copy-from], [data-copy-link]");
  if (!target) return;
  if (target.matches("[data-theme-switch]")) switchTheme();
  else copy(target);
});
