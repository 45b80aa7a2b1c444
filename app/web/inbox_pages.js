/**
 * The pages of each view, read from the server as far down as somebody scrolled, and joined with the live updates.
 *
 * A page in flight may be older than an update which arrives before it. Updates are therefore kept while any page is
 * in flight and applied again on top of it. That log is bounded; a page older than what it dropped is read again.
 *
 * Items and pages stand on a shelf. Reading everything again fills a second one behind the first, then swaps them.
 */

import { InboxItems, compareCursors, parseCursor } from "./inbox_items.js";
import { VIEWS } from "./inbox_marks.js";

const PAGE = 20;
const REFILL_PAGE = 100;
const REFILL_PAGES = 10;
const LOG_LIMIT = 10_000;

/** `bottom` is where the last page ended: below it there may be items that were not read. */
function unreadPage() {
  return { loaded: false, loading: null, failed: false, nextCursor: null, bottom: null, readAt: null };
}

function emptyShelf() {
  const pages = Object.fromEntries(Object.keys(VIEWS).map((name) => [name, unreadPage()]));
  return { items: new InboxItems(), pages };
}

function entriesOf(shelf, name) {
  const { nextCursor, bottom } = shelf.pages[name];
  return shelf.items.select(VIEWS[name].matches, nextCursor === null ? null : bottom);
}

export class InboxPages {
  #read;
  #now;
  #changed;
  #outdated;
  #logLimit;
  #shelf = emptyShelf();
  #incoming = null;
  #current = "all";
  #inFlight = 0;
  #log = [];
  #dropped = null;

  /**
   * `read(query)` answers the envelope of `GET /inbox`; `now()` is in ms; `changed()` is called after each change,
   * `outdated()` when an item that was never read has come into the view and everything should be read again.
   */
  constructor({ read, now, changed, outdated, logLimit = LOG_LIMIT }) {
    this.#read = read;
    this.#now = now;
    this.#changed = changed;
    this.#outdated = outdated;
    this.#logLimit = logLimit;
  }

  get items() {
    return this.#shelf.items;
  }

  /** The view that is read first, and again after a gap. */
  get current() {
    return this.#current;
  }

  choose(name) {
    this.#current = name;
  }

  /** The items of a view without holes. */
  view(name) {
    const { loaded, loading, failed, nextCursor } = this.#shelf.pages[name];
    const items = loaded ? entriesOf(this.#shelf, name).map((entry) => entry.item) : [];
    return { items, loaded, loading: loading !== null, failed, complete: loaded && nextCursor === null };
  }

  /** The next older page; several calls at once are one. Rejects when it cannot be had. */
  async loadMore(name) {
    const page = this.#shelf.pages[name];
    if (page.loading || (page.loaded && page.nextCursor === null)) return page.loading;
    page.failed = false;
    page.loading = this.#load(this.#shelf, name, PAGE);
    this.#changed();
    try {
      return await page.loading;
    } catch (error) {
      page.failed = true;
      throw error;
    } finally {
      page.loading = null;
      this.#changed();
    }
  }

  /**
   * Read the current view again, as far down as it was, and forget everything else. Answers `{snapshot}`, the place in
   * the stream at which its first page was read; null when another start overtook this one.
   */
  async startOver() {
    const shelf = emptyShelf();
    this.#incoming = shelf;
    try {
      const snapshot = await this.#fill(shelf, this.#current, this.#shelf.pages[this.#current]);
      if (shelf !== this.#incoming) return null;
      this.#shelf = shelf;
      return { snapshot };
    } catch (error) {
      if (shelf !== this.#incoming) return null;
      throw error;
    } finally {
      if (shelf === this.#incoming) this.#incoming = null;
      this.#changed();
    }
  }

  /** Whatever is in flight is not wanted any more. */
  stop() {
    this.#shelf = emptyShelf();
    this.#incoming = null;
  }

  receive(item, at) {
    this.#shelf.items.receive(item, at);
    this.#incoming?.items.receive(item, at);
  }

  /** The data of a `notification_updated`. */
  update(changes, at) {
    if (this.#inFlight > 0) {
      if (this.#log.length >= this.#logLimit) this.#dropped = this.#log.shift().at;
      this.#log.push({ changes, at });
    }
    this.#apply(this.#shelf, changes, at);
    if (this.#incoming) this.#apply(this.#incoming, changes, at);
  }

  async #fill(shelf, name, before) {
    const snapshot = await this.#load(shelf, name, before.loaded ? REFILL_PAGE : PAGE);
    for (let pages = 1; pages < REFILL_PAGES && before.loaded; pages += 1) {
      if (shelf !== this.#incoming || this.#reaches(shelf.pages[name], before)) break;
      await this.#load(shelf, name, REFILL_PAGE);
    }
    return snapshot;
  }

  #reaches({ nextCursor, bottom }, before) {
    return nextCursor === null || (before.nextCursor !== null && bottom.time <= before.bottom.time);
  }

  async #load(shelf, name, limit) {
    const page = shelf.pages[name];
    const cursor = page.nextCursor === null ? {} : { cursor: page.nextCursor };
    this.#inFlight += 1;
    try {
      const { data, meta } = await this.#read({ ...VIEWS[name].query, limit: String(limit), ...cursor });
      const wanted = (shelf === this.#shelf || shelf === this.#incoming) && page === shelf.pages[name];
      if (!wanted) return null;
      const snapshot = parseCursor(meta.streamCursor);
      if (compareCursors(snapshot, this.#dropped) < 0) return await this.#load(shelf, name, limit);
      this.#settle(shelf, name, data, meta.nextCursor ?? null, snapshot);
      return snapshot;
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#forgetLog();
    }
  }

  #forgetLog() {
    this.#log = [];
    this.#dropped = null;
  }

  #settle(shelf, name, data, nextCursor, snapshot) {
    const page = shelf.pages[name];
    const last = shelf.items.load(data, snapshot, page.loaded ? entriesOf(shelf, name) : []);
    const bottom = last ? { time: last.time, lift: last.lift, id: last.id } : page.bottom;
    Object.assign(page, { nextCursor, bottom, readAt: page.loaded ? page.readAt : snapshot, loaded: true });
    for (const { changes, at } of this.#log) this.#apply(shelf, changes, at);
    this.#changed();
  }

  #apply(shelf, changes, at) {
    const { filter, ...changed } = changes;
    if (filter) shelf.items.patchAll(filter, changed, at);
    else shelf.items.patch(changed, at, this.#now());
    if (filter || shelf.items.get(changed.id) === null) this.#doubt(shelf, changed, at);
  }

  /** Something that was not read has changed. A view that it comes into has to be read again. */
  #doubt(shelf, changes, at) {
    for (const [name, page] of Object.entries(shelf.pages)) {
      const missing = page.loaded && compareCursors(at, page.readAt) > 0 && VIEWS[name].gains(changes);
      if (missing && name === this.#current) this.#outdated();
      else if (missing) shelf.pages[name] = unreadPage();
    }
  }
}
