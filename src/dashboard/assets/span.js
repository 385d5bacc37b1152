// A span's detail: its width, copying a payload, finding in what is shown.

// Not every page has one.
const detail = /** @type {HTMLElement} */ (document.getElementById("span"));

// Its width: dragged, or by the arrow keys; kept for the next page.
const grip = document.querySelector(".grip");
if (grip) {
  const split = /** @type {HTMLElement} */ (grip.parentElement);
  const part = () => (detail.offsetWidth / split.offsetWidth) * 100;
  /** @param {number} percent */
  const set = (percent) => {
    const now = Math.min(75, Math.max(20, percent));
    split.style.setProperty("--detail", `${now}%`);
    grip.setAttribute("aria-valuenow", String(Math.round(now)));
  };
  const keep = () => {
    try {
      localStorage.setItem("detail", String(part()));
    } catch {
      /* For this page only, then. */
    }
  };
  try {
    const kept = Number(localStorage.getItem("detail"));
    if (kept) set(kept);
  } catch {
    /* As it comes. */
  }
  grip.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    grip.classList.add("held");
  });
  grip.addEventListener("pointermove", (event) => {
    if (!grip.hasPointerCapture(event.pointerId)) return;
    const box = split.getBoundingClientRect();
    set(((box.right - event.clientX) / box.width) * 100);
  });
  grip.addEventListener("lostpointercapture", () => {
    grip.classList.remove("held");
    keep();
  });
  grip.addEventListener("dblclick", () => {
    split.style.removeProperty("--detail");
    keep();
  });
  grip.addEventListener("keydown", (event) => {
    const by = event.key === "ArrowLeft" ? 2 : event.key === "ArrowRight" ? -2 : 0;
    if (!by) return;
    event.preventDefault();
    set(part() + by);
    keep();
  });
}

// Texts as Markdown or as they were sent: the server is told by a cookie.
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-texts]");
  const at = button?.closest("[data-url]");
  if (!button || !at) return;
  const plain = button.getAttribute("aria-pressed") === "true";
  // biome-ignore lint/suspicious/noDocumentCookie: it has to be there before the next request
  document.cookie = `texts=${plain ? "plain" : "markdown"}; path=/; max-age=31536000; samesite=lax`;
  htmx.ajax("GET", String(at.dataset.url), { source: detail, target: detail, swap: "innerHTML" });
});

// Copying a payload, whatever is shown of it: a text as text, anything else as it
// was sent.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy-url]");
  if (!button) return;
  button.dataset.label ??= button.textContent;
  const label = button.dataset.label;
  /** @param {string} text */
  const say = (text) => {
    button.textContent = text;
    setTimeout(() => {
      button.textContent = label;
    }, 1500);
  };
  try {
    const answer = await fetch(String(button.dataset.copyUrl));
    if (!answer.ok) throw new Error(String(answer.status));
    const sent = await answer.text();
    await navigator.clipboard.writeText("copyText" in button.dataset ? JSON.parse(sent) : sent);
    say("Copied");
  } catch {
    say("Open Raw");
  }
});

// Copying one value out of JSON, or its path: two buttons beside the row that one is at.
// What is copied is made of what is shown, so numbers keep their digits.
{
  const buttons = document.createElement("span");
  buttons.className = "copies";
  /** @param {string} label */
  const add = (label) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "small", textContent: label });
    buttons.append(button);
    return button;
  };
  const value = add("Copy value");
  const path = add("Copy path");
  /** @type {Element | undefined} */
  let row;

  /** @param {Element} of */
  const labelOf = (of) => (of.matches("details") ? of.querySelector(":scope > summary") : of)?.querySelector(":scope > b, :scope > s");
  /** @param {Element} of */
  const rowsIn = (of) => [...(of.querySelector(":scope > div")?.children ?? [])];

  /** A value as JSON.
   *  @param {Element} of
   *  @returns {string} */
  function jsonOf(of) {
    const text = of.querySelector(":scope > .str");
    if (text) return JSON.stringify(of.matches("p") ? text.textContent?.slice(1, -1) : text.textContent);
    if (of.matches("p")) return of.querySelector(":scope > span")?.textContent ?? "";
    const isArray = of.querySelector(":scope > summary > i")?.textContent?.startsWith("[");
    const items = rowsIn(of).map((one) => (isArray ? "" : `${JSON.stringify(labelOf(one)?.textContent)}: `) + jsonOf(one));
    return isArray ? `[${items.join(", ")}]` : `{${items.join(", ")}}`;
  }

  /** `messages[3].content`
   *  @param {Element} of
   *  @returns {string} */
  function pathOf(of) {
    const above = of.parentElement?.closest(".json details");
    const label = labelOf(of);
    if (!label) return "";
    const name = label.textContent ?? "";
    const before = above ? pathOf(above) : "";
    if (label.matches("s")) return `${before}[${name}]`;
    if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `${before}[${JSON.stringify(name)}]`;
    return before ? `${before}.${name}` : name;
  }

  /** @param {EventTarget | null} target */
  function show(target) {
    const at = /** @type {Element | null} */ (target)?.closest?.(".json p, .json summary");
    if (!at || at.closest(".copies")) return;
    row = at.matches("summary") ? /** @type {Element} */ (at.parentElement) : at;
    path.hidden = !labelOf(row);
    const json = /** @type {HTMLElement} */ (at.closest(".json"));
    buttons.style.top = `${at.getBoundingClientRect().top - json.getBoundingClientRect().top}px`;
    if (buttons.parentElement !== json) json.append(buttons);
  }
  document.addEventListener("mouseover", (event) => show(event.target));
  document.addEventListener("focusin", (event) => show(event.target));
  buttons.addEventListener("click", async (event) => {
    const button = [value, path].find((one) => one === event.target);
    if (!button || !row) return;
    const json = jsonOf(row);
    const text = button === path ? pathOf(row) : json.startsWith('"') ? JSON.parse(json) : json;
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed";
    }
    setTimeout(() => {
      button.textContent = label;
    }, 1500);
  });
}

// Finding in the detail: marks without changing what is shown.
if (detail && "highlights" in CSS) {
  /** @type {Range[]} */
  let ranges = [];
  let at = -1;
  /** @returns {HTMLInputElement | null} */
  const input = () => detail.querySelector("[data-find]");
  // What is not on the page is not searched: of which payloads that is so.
  const unseen = () =>
    [...detail.querySelectorAll(".part[data-seen]")]
      .map((part) => `; searched ${part.dataset.seen} of ${part.querySelector("h3")?.textContent.toLowerCase()}`)
      .join("");
  /** @param {string} text */
  const found = (text) => {
    const place = detail.querySelector("[data-found]");
    if (place) place.textContent = text;
  };

  function mark() {
    CSS.highlights.delete("found");
    CSS.highlights.delete("current");
    ranges = [];
    at = -1;
    const wanted = input()?.value.toLowerCase() ?? "";
    if (wanted === "") return found("");
    const walk = document.createTreeWalker(detail, NodeFilter.SHOW_TEXT, (node) =>
      node.parentElement?.closest(".part") && !node.parentElement.closest(".preview, button")
        ? NodeFilter.FILTER_ACCEPT
        : NodeFilter.FILTER_SKIP,
    );
    while (walk.nextNode() && ranges.length < 2000) {
      const node = /** @type {Text} */ (walk.currentNode);
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
    found((ranges.length ? `${ranges.length === 2000 ? "2000+" : ranges.length} found` : "no match") + unseen());
  }

  /** @param {number} by */
  function next(by) {
    if (ranges.length === 0) return;
    at = (at + by + ranges.length) % ranges.length;
    const range = /** @type {Range} */ (ranges[at]),
      element = /** @type {HTMLElement} */ (range.startContainer.parentElement);
    for (let fold = element.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
    CSS.highlights.set("current", new Highlight(range));
    const box = range.getBoundingClientRect(),
      view = detail.getBoundingClientRect(),
      head = detail.querySelector("header")?.offsetHeight ?? 0;
    if (box.top < view.top + head || box.bottom > view.bottom) element.scrollIntoView({ block: "center" });
    found(`${at + 1} of ${ranges.length}${unseen()}`);
  }

  detail.addEventListener("input", (event) => {
    if (event.target.matches("[data-find]")) mark();
  });
  detail.addEventListener("keydown", (event) => {
    if (!event.target.matches("[data-find]")) return;
    if (event.key === "Enter") {
      event.preventDefault();
      next(event.shiftKey ? -1 : 1);
    }
    if (event.key === "Escape") {
      event.target.value = "";
      mark();
      event.stopPropagation();
    }
  });
  document.addEventListener("htmx:after:swap", () => {
    if (input()?.value) mark();
    else {
      ranges = [];
      CSS.highlights.clear();
    }
  });
}
