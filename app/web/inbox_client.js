/**
 * A person's inbox, live, without any DOM: for any page, and it runs in Node.
 *
 *     const inbox = new InboxClient({ openSession: () => myBackend.subscriberToken() });
 *     inbox.addEventListener("change", () => draw(inbox.view("all").items, inbox.unread));
 *     inbox.start();
 *
 * It dispatches `status` ({status, retryAt, error}), `received` ({item, eventId}), `change` (items, views or counts differ;
 * draw at the next frame) and `problem` ({error, doing}).
 */

import { InboxApi } from "./inbox_api.js";
import { compareCursors, parseCursor } from "./inbox_items.js";
import { MARKS, countsAsUnread } from "./inbox_marks.js";
import { InboxPages } from "./inbox_pages.js";
import { InboxStream } from "./inbox_stream.js";

export { RequestFailed } from "./inbox_api.js";

const REREAD_AFTER = 500;

const SYSTEM_CLOCK = {
  now: () => Date.now(),
  setTimeout: (run, delay) => globalThis.setTimeout(run, delay),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
};

export class InboxClient extends EventTarget {
  #clock;
  #api;
  #stream;
  #pages;
  #cursor = null;
  #counts = { unread: 0, unseen: 0 };
  #countsTold = 0;
  #received = 0;
  #ready = false;
  #stopped = false;
  #rereading = null;

  /** `openSession(subscriberId | null)` answers `{token, expiresAt, subscriberId}`; by default the local page's own. */
  constructor({
    fetch = (...request) => globalThis.fetch(...request),
    EventSource = globalThis.EventSource,
    clock = SYSTEM_CLOCK,
    random = Math.random,
    isOnline = () => globalThis.navigator?.onLine ?? true,
    openSession = null,
    subscriberId = null,
    prefix = "/api/v1",
    streamUrl = "/sse/notifications",
  } = {}) {
    super();
    this.#clock = clock;
    this.#api = new InboxApi({ fetch, clock, openSession, subscriberId, prefix });
    this.#pages = new InboxPages({
      read: (query) => this.#api.get("/inbox", query),
      now: () => clock.now(),
      changed: () => this.#tell("change"),
      outdated: () => this.#readAgainSoon(),
    });
    this.#stream = new InboxStream({
      EventSource,
      clock,
      random,
      isOnline,
      url: streamUrl,
      requestTicket: () => this.#requestTicket(),
      position: () => this.lastEventId,
      onMessage: (name, text, id) => this.#onMessage(name, text, id),
      onStatus: (status, retryAt, error) => this.#tell("status", { status, retryAt, error }),
    });
  }

  /** Whose inbox it is; null until a session was opened, unless given. */
  get subscriberId() {
    return this.#api.subscriberId;
  }

  /** `connecting` until the first success, then `live`, `reconnecting`, or `offline` after repeated failure. */
  get status() {
    return this.#stream.status;
  }

  get unread() {
    return this.#counts.unread;
  }

  /** How many `notification_received` came, each once. */
  get receivedCount() {
    return this.#received;
  }

  /** The place in the stream up to which everything is known; null before the first list. */
  get lastEventId() {
    return this.#cursor ? `${this.#cursor.epoch}-${this.#cursor.seq}` : null;
  }

  /** Every item known, whatever the view, newest first. */
  ids() {
    return this.#pages.items.ids();
  }

  item(id) {
    return this.#pages.items.get(id);
  }

  start() {
    return this.#stream.restart();
  }

  /** For good: make another client to come back. */
  stop() {
    this.#stopped = true;
    this.#clock.clearTimeout(this.#rereading);
    this.#pages.stop();
    this.#stream.stop();
    this.#api.close();
  }

  /** The page is visible or the network back; `away` is how long (ms) nobody can vouch for the connection. */
  wake(away = 0) {
    this.#stream.wake(away);
  }

  /** Of `all`, `unread` or `archived`: `{items, loaded, loading, failed, complete}`; complete: nothing older exists. */
  view(name) {
    return this.#pages.view(name);
  }

  /** Makes this the view that is kept up through a gap, and reads its first page when it has none. */
  async show(name) {
    this.#pages.choose(name);
    if (this.#ready && !this.view(name).loaded) await this.loadMore();
  }

  /** The next older page of the view shown. A failure shows as `failed` and as `problem`. */
  async loadMore() {
    if (!this.#ready) return;
    try {
      await this.#pages.loadMore(this.#pages.current);
    } catch (error) {
      this.#tell("problem", { error, doing: "load" });
    }
  }

  /** One of `read unread archive unarchive snooze unsnooze`, shown at once and taken back when refused. */
  async mark(id, verb, body) {
    const items = this.#pages.items;
    const before = items.get(id);
    if (!before) return false;
    const version = items.version(id);
    const untouched = () => compareCursors(items.version(id), version) === 0;
    this.#amend(before, MARKS[verb](this.#isoNow(), body));
    try {
      const { data } = await this.#api.post(`/inbox/${encodeURIComponent(id)}/${verb}`, body);
      if (data && untouched()) items.amend(id, data);
    } catch (error) {
      if (error.status === 404) items.remove(id);
      else if (untouched()) items.amend(id, before);
      return this.#refused(error, verb);
    }
    return this.#accepted();
  }

  async markAllRead() {
    const items = this.#pages.items;
    const before = items.select(countsAsUnread, null).map((entry) => entry.item);
    for (const item of before) this.#amend(item, MARKS.read(this.#isoNow()));
    this.#counts = { unread: 0, unseen: 0 };
    this.#tell("change");
    try {
      await this.#api.post("/inbox/read-all", {});
    } catch (error) {
      for (const item of before) items.amend(item.id, item);
      return this.#refused(error, "read-all");
    }
    return this.#accepted();
  }

  /** Sends a notification to oneself (the local page only): the `data` of the 202. */
  async send(content) {
    return (await this.#api.post("/demo/notifications", content)).data;
  }

  #tell(type, detail = null) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #isoNow() {
    return new Date(this.#clock.now()).toISOString();
  }

  #amend(item, changes) {
    const items = this.#pages.items;
    items.amend(item.id, changes);
    const difference = Number(countsAsUnread(items.get(item.id))) - Number(countsAsUnread(item));
    this.#counts = { ...this.#counts, unread: Math.max(0, this.#counts.unread + difference) };
    this.#tell("change");
  }

  /** While the stream is down nobody else tells the counts. */
  async #accepted() {
    this.#tell("change");
    if (this.status !== "live") await this.#readCounts().catch(() => undefined);
    return true;
  }

  async #refused(error, doing) {
    this.#tell("problem", { error, doing });
    this.#tell("change");
    await this.#readCounts().catch(() => undefined);
    return false;
  }

  /** The list comes first: the stream then opens at the place where it was read, and leaves no hole. */
  async #requestTicket() {
    if (!this.#ready) await this.#begin();
    return (await this.#api.post("/sse/tickets")).data.ticket;
  }

  async #begin() {
    const [start] = await Promise.all([this.#pages.startOver(), this.#readCounts()]);
    if (start === null) throw new Error("overtaken by another start");
    this.#cursor = start.snapshot;
    this.#ready = true;
    this.show(this.#pages.current);
  }

  /** The stream cannot say what was missed: go on from where it is now, and read everything again. */
  #reset(at) {
    this.#cursor = at;
    return this.#readAgain();
  }

  async #readAgain() {
    try {
      await Promise.all([this.#pages.startOver(), this.#readCounts()]);
      this.show(this.#pages.current);
    } catch {
      // Half of a picture is worse than none: come back through the beginning, with its retries.
      this.#ready = false;
      if (!this.#stopped) this.#stream.restart();
    }
  }

  /** Many updates may ask for it at once, as when a snooze of many items ends. */
  #readAgainSoon() {
    if (!this.#ready) return;
    this.#rereading ??= this.#clock.setTimeout(() => {
      this.#rereading = null;
      if (this.#ready) this.#readAgain();
    }, REREAD_AFTER);
  }

  /** What was read while the stream told newer counts is not used. */
  async #readCounts() {
    const told = this.#countsTold;
    const { data } = await this.#api.get("/inbox/count");
    if (told === this.#countsTold) this.#counts = { unread: data.unread, unseen: data.unseen };
    this.#tell("change");
  }

  #onMessage(name, text, id) {
    const at = parseCursor(id);
    const data = JSON.parse(text);
    if (name === "reset") return this.#reset(at);
    if (name === "unread_count_changed") {
      this.#countsTold += 1;
      this.#counts = data;
    } else if (this.#isNews(at)) {
      if (name === "notification_received") this.#receive(data, at, id);
      else this.#pages.update(data, at);
    }
    if (at !== null && this.#isNews(at)) this.#cursor = at;
    this.#tell("change");
  }

  #isNews(at) {
    return at === null || this.#cursor === null || compareCursors(at, this.#cursor) > 0;
  }

  #receive(item, at, eventId) {
    this.#pages.receive(item, at);
    this.#received += 1;
    this.#tell("received", { item, eventId });
  }
}
