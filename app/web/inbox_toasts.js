/** Short messages at the edge of the page, at most three, each with one thing to do about it. */

import { element, icon } from "./inbox_row.js";

const SHOWN_FOR = 7_000;
const MOST = 3;

export class Toasts {
  #root;

  constructor(root) {
    this.#root = root;
  }

  /** `action` is `{label, run}` or null. The time stops while the pointer or the focus is on it. */
  show(text, action = null, tone = "plain") {
    const close = () => toast.remove();
    const dismiss = element("button", { type: "button", className: "tool", title: "Dismiss", onclick: close }, icon("close"));
    dismiss.setAttribute("aria-label", "Dismiss");
    const toast = element("div", { className: "toast" }, element("p", {}, text), ...this.#button(action, close), dismiss);
    toast.dataset.tone = tone;
    while (this.#root.childElementCount >= MOST) this.#root.firstElementChild.remove();
    this.#root.append(toast);
    this.#fade(toast, close);
    return { close };
  }

  #button(action, close) {
    if (!action) return [];
    const run = () => {
      close();
      action.run();
    };
    return [element("button", { type: "button", className: "button small", onclick: run }, action.label)];
  }

  #fade(toast, close) {
    let timer = setTimeout(close, SHOWN_FOR);
    const hold = () => clearTimeout(timer);
    const go = () => {
      clearTimeout(timer);
      timer = setTimeout(close, SHOWN_FOR / 2);
    };
    for (const name of ["pointerenter", "focusin"]) toast.addEventListener(name, hold);
    for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, go);
  }
}
