// What the pages' scripts (assets/) find in a page, for the check of their
// types. Nothing of this is loaded.

import type { Htmx } from "htmx.org";

/** An event as a listener of the page gets it: whatever it befell is an element,
 *  and has a value where it is a field. */
type Befell<Kind extends Event> = Kind & { readonly target: HTMLElement & { value?: string } };

/** What the scripts ask some events more about than the platform's types say. */
interface Befalling {
  click: Befell<MouseEvent>;
  dblclick: Befell<MouseEvent>;
  mouseover: Befell<MouseEvent>;
  keydown: Befell<KeyboardEvent>;
  input: Befell<Event>;
  change: Befell<Event>;
  /** More of the trace has come: the page as it is now. */
  "trace:came": CustomEvent<Document>;
}

declare global {
  const htmx: Htmx;

  interface Document {
    addEventListener<K extends keyof Befalling>(
      type: K,
      listener: (event: Befalling[K]) => unknown,
      options?: AddEventListenerOptions,
    ): void;
  }
  interface HTMLElement {
    addEventListener<K extends keyof Befalling>(
      type: K,
      listener: (event: Befalling[K]) => unknown,
      options?: AddEventListenerOptions,
    ): void;
  }
  interface HTMLFormElement {
    addEventListener<K extends keyof Befalling>(
      type: K,
      listener: (event: Befalling[K]) => unknown,
      options?: AddEventListenerOptions,
    ): void;
  }

  // Nearly all that is looked for is HTML. What is not says so where it is found.
  interface ParentNode {
    querySelector<K extends keyof HTMLElementTagNameMap>(selectors: K): HTMLElementTagNameMap[K] | null;
    querySelector<E extends Element = HTMLElement>(selectors: string): E | null;
    querySelectorAll<K extends keyof HTMLElementTagNameMap>(selectors: K): NodeListOf<HTMLElementTagNameMap[K]>;
    querySelectorAll<E extends Element = HTMLElement>(selectors: string): NodeListOf<E>;
  }
  interface Element {
    closest<K extends keyof HTMLElementTagNameMap>(selectors: K): HTMLElementTagNameMap[K] | null;
    closest<E extends Element = HTMLElement>(selectors: string): E | null;
  }
}
