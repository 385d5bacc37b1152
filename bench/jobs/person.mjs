// Somebody at the dashboard, who counts what it takes: a click, a choice, a line that is written
// and sent, a key. What is out of sight costs one more: scrolling to it. Signing in is not
// counted, and no address is known but that of the start page.

/** @import { Locator, Page } from "playwright-core" */

/** How long anything may take that normally takes a second. */
const PATIENCE_MS = 60_000;
/** How often it is looked whether something is in sight. */
const LOOK_MS = 20;

export class Person {
  actions = 0;

  /** @param {Page} page */
  constructor(page) {
    this.page = page;
  }

  /** Signs in, which leads to the start page.
   *  @param {string} origin
   *  @param {string} key */
  async signIn(origin, key) {
    await this.page.goto(origin);
    await this.page.getByLabel("API key").fill(key);
    await this.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await this.page.getByRole("heading", { name: "Traces", level: 1 }).waitFor();
    await this.page.waitForLoadState();
  }

  /** @param {Locator} what */
  async click(what) {
    await this.#reach(what);
    await what.click();
  }

  /** Something of a list to choose from, which leads to another page.
   *  @param {string} label
   *  @param {string} option */
  async choose(label, option) {
    const list = this.page.getByRole("combobox", { name: label, exact: true });
    await this.#reach(list);
    const before = this.page.url();
    await list.selectOption({ label: option });
    await this.page.waitForURL((url) => url.href !== before);
  }

  /** A key, or several at once.
   *  @param {string} key */
  async press(key) {
    this.actions += 1;
    await this.page.keyboard.press(key);
  }

  /** A line where the cursor is, and what sends it.
   *  @param {string} line
   *  @param {string} [send] */
  async write(line, send = "Enter") {
    this.actions += 1;
    await this.page.keyboard.type(line);
    if (send) await this.page.keyboard.press(send);
  }

  /** Until it is there, in the window: what has to be scrolled to is not seen.
   *  @param {Locator} what
   *  @param {string} say what it is */
  async sees(what, say) {
    const first = what.first();
    const until = performance.now() + PATIENCE_MS;
    while (!(await this.#inSight(first))) {
      if (performance.now() > until) throw new Error(`${say} is not in sight after ${PATIENCE_MS / 1000} s, at ${this.page.url()}`);
      await this.page.waitForTimeout(LOOK_MS);
    }
  }

  /** @param {Locator} what */
  async #reach(what) {
    await what.waitFor({ timeout: PATIENCE_MS });
    this.actions += (await this.#inSight(what)) ? 1 : 2;
  }

  /** @param {Locator} what */
  async #inSight(what) {
    const box = await what.boundingBox({ timeout: 1_000 }).catch(() => null);
    const { width = 0, height = 0 } = this.page.viewportSize() ?? {};
    if (!box || box.width === 0 || box.height === 0) return false;
    // Of what is higher than the window, where it begins.
    const bottom = Math.min(box.height, 24);
    return box.x >= 0 && box.x < width && box.y >= 0 && box.y + bottom <= height;
  }
}
