// A session while one looks at it: its turns are asked for again, and put in the place of
// those that are there when they are not the same.

const session = /** @type {HTMLElement} */ (document.getElementById("session"));
/** Each time some thousand keys are looked at. */
const EVERY = 3_000;

if (session?.hasAttribute("data-live")) {
  let etag = session.dataset.etag ?? "";
  let asking = false;

  setInterval(() => {
    if (!document.hidden && !asking) htmx.trigger(session, "poll");
  }, EVERY);

  session.addEventListener("htmx:config:request", ({ target, detail: { ctx } }) => {
    if (target !== session) return;
    asking = true;
    ctx.request.headers["If-None-Match"] = etag;
  });
  session.addEventListener("htmx:finally:request", ({ target, detail: { ctx } }) => {
    if (target !== session) return;
    asking = false;
    if (ctx.response?.status === 200) etag = ctx.response.headers.get("etag") ?? "";
  });
}
