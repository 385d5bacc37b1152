// Rating the trace or the span that is shown: the forms work by themselves, htmx sends
// them. Here is what opens a note and folds it away, and that what was said is looked for
// among the scores at once.

/** @returns {NodeListOf<HTMLDetailsElement>} */
const openNotes = () => document.querySelectorAll("[data-rate] details[open]");

/** @param {HTMLElement} note */
const summaryOf = (note) => note.querySelector("summary");

/** Opens the rating of the trace, or of the span that is shown: what is written first is
 *  the note, and the thumbs are right before it.
 *  @param {string} what */
export function rate(what) {
  const form = document.querySelector(`[data-rate="${what}"]`);
  const note = form?.querySelector("details");
  if (!form || !note) return;
  form.scrollIntoView({ block: "nearest" });
  note.open = true;
  form.querySelector("textarea")?.focus();
}

/** @param {HTMLElement} page */
export function startRating(page) {
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    const form = detail?.ctx?.sourceElement;
    if (!form?.matches("[data-rate]")) return;
    // What one wrote in is folded away: one is back where it is opened.
    for (const note of form.querySelectorAll("details[open]")) {
      const within = note.contains(document.activeElement);
      note.removeAttribute("open");
      if (within) summaryOf(note)?.focus();
    }
    page.dispatchEvent(new Event("trace:again"));
  });
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    const form = ctx?.sourceElement;
    if (form?.matches("[data-rate]")) form.classList.toggle("failed", !ctx.response || ctx.response.status >= 400);
  });

  // Esc, or a click elsewhere, folds a note away; what is written stays in it. With
  // Ctrl-Enter it is sent.
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        const form = /** @type {HTMLFormElement | null} */ (/** @type {Element} */ (event.target).closest("[data-rate]"));
        form?.requestSubmit(form.querySelector("[value=note]"));
      }
      if (event.key !== "Escape") return;
      for (const note of openNotes()) {
        note.open = false;
        summaryOf(note)?.focus();
        event.stopPropagation();
      }
    },
    true,
  );
  document.addEventListener("click", ({ target }) => {
    for (const note of openNotes()) if (!note.contains(target)) note.open = false;
  });
}
