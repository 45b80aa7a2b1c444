/**
 * The list on the page. Only as many rows are in the document as somebody scrolled to, a few dozen are made in one
 * frame, and what arrives while somebody reads further down waits behind a button instead of moving the page.
 */

import { InboxRow } from "./inbox_row.js";

const FIRST_ROWS = 60;
const MORE_ROWS = 40;
const TRIM_ABOVE = 160;
const ROWS_PER_FRAME = 40;
const LOOK_AHEAD = 700;
const PAGE_HEADER = 60;
const ANIMATED = 12;

export class InboxFeed {
  #root;
  #act;
  #needMore;
  #fallback;
  #rows = new Map();
  #limit = FIRST_ROWS;
  #held = new Set();
  #fresh = new Set();
  #below = false;

  /** `needMore()` when older items are wanted; `fallback` gets the focus when the focused row was the last one. */
  constructor({ root, act, needMore, fallback }) {
    this.#root = root;
    this.#act = act;
    this.#needMore = needMore;
    this.#fallback = fallback;
    root.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** How many arrivals wait above. */
  get held() {
    return this.#held.size;
  }

  /** An arrival: it waits when its reader is further down. Nothing is measured here, they may come by the thousand. */
  arrive(id) {
    this.#fresh.add(id);
    if (this.#below) this.#held.add(id);
  }

  /** Another view: from its top. */
  restart() {
    this.#limit = FIRST_ROWS;
    this.#held.clear();
    this.#fresh.clear();
  }

  /** Draws the view; true when another frame is needed. */
  draw({ items, complete }) {
    this.#below = this.#rows.size > 0 && this.#root.getBoundingClientRect().top < PAGE_HEADER / 2;
    if (!this.#below) this.#settleAtTop();
    const shown = this.#held.size > 0 ? items.filter((item) => !this.#held.has(item.id)) : items;
    const wanted = shown.slice(0, this.#limit);
    const focused = this.#root.contains(document.activeElement) ? document.activeElement : null;
    this.#drop(wanted);
    const unfinished = this.#place(wanted, complete ? shown.length : -1);
    if (focused?.isConnected && focused !== document.activeElement) focused.focus({ preventScroll: true });
    this.hasMore = shown.length > this.#limit || !complete;
    return unfinished;
  }

  /** When the end of the rows comes near: more rows, or more items. True when rows were added. */
  extend({ items, complete, loading, failed }) {
    const near = this.#root.getBoundingClientRect().bottom < window.innerHeight + LOOK_AHEAD;
    if (!near || !this.hasMore) return false;
    if (items.length - this.#held.size > this.#limit) {
      this.#limit += MORE_ROWS;
      return true;
    }
    if (!complete && !loading && !failed) this.#needMore();
    return false;
  }

  tick(now) {
    for (const row of this.#rows.values()) row.tick(now);
  }

  #settleAtTop() {
    this.#held.clear();
    if (this.#limit > TRIM_ABOVE) this.#limit = FIRST_ROWS;
  }

  #drop(wanted) {
    const keep = new Set(wanted.map((item) => item.id));
    for (const [id, row] of this.#rows) {
      if (keep.has(id)) continue;
      this.#rows.delete(id);
      const next = row.element.nextElementSibling ?? row.element.previousElementSibling ?? this.#fallback;
      const hadFocus = row.element.contains(document.activeElement);
      row.element.remove();
      if (hadFocus) next.focus({ preventScroll: next === this.#fallback });
    }
  }

  #place(wanted, total) {
    const animate = this.#fresh.size <= ANIMATED;
    let budget = ROWS_PER_FRAME;
    let next = this.#root.firstElementChild;
    for (const [index, item] of wanted.entries()) {
      let row = this.#rows.get(item.id);
      if (!row) {
        if (budget === 0) return true;
        budget -= 1;
        row = this.#make(item, animate);
      }
      row.update(item);
      row.place(index + 1, total);
      if (row.element === next) next = next.nextElementSibling;
      else this.#root.insertBefore(row.element, next);
    }
    this.#fresh.clear();
    return false;
  }

  #make(item, animate) {
    const row = new InboxRow(item, this.#act);
    this.#rows.set(item.id, row);
    if (animate && this.#fresh.has(item.id)) {
      row.element.classList.add("arrived");
      row.element.addEventListener("animationend", () => row.element.classList.remove("arrived"));
    }
    return row;
  }

  /** The keys of the ARIA feed pattern. */
  #onKey(event) {
    const step = { PageDown: 1, PageUp: -1 }[event.key];
    const row = event.target.closest?.(".item");
    if (!step || !row) return;
    const next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
    if (!next) return;
    event.preventDefault();
    next.focus();
  }
}
