// A server of one subscriber's inbox, a clock and an EventSource, all under the test's hand.

import { InboxClient } from "../../../app/web/inbox_client.js";

/** Let everything that is ready to run, run. */
export async function settle() {
  for (let turn = 0; turn < 8; turn += 1) await new Promise((done) => setImmediate(done));
}

export class ManualClock {
  time = Date.parse("2026-11-20T09:00:00.000Z");
  timers = new Map();
  #next = 1;

  now() {
    return this.time;
  }

  setTimeout(run, delay) {
    this.timers.set(this.#next, { run, at: this.time + delay });
    return this.#next++;
  }

  clearTimeout(timer) {
    this.timers.delete(timer);
  }

  /** Move on, firing what falls due in order, each at its own time. */
  async advance(milliseconds) {
    const end = this.time + milliseconds;
    await settle();
    for (let due = this.#earliest(end); due; due = this.#earliest(end)) {
      const [timer, { run, at }] = due;
      this.timers.delete(timer);
      this.time = at;
      run();
      await settle();
    }
    this.time = end;
  }

  #earliest(end) {
    return [...this.timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
  }
}

export class SimulatedServer {
  epoch = 7;
  seq = 0;
  items = new Map();
  log = [];
  tickets = new Set();
  tokens = new Map();
  sources = [];
  requests = [];
  failures = [];
  sessionLife = 3_600_000;
  held = null;
  /** Streams are accepted and never answered. */
  silent = false;
  /** Lists tell where in the stream they were read. */
  listsCursor = true;
  #made = 0;

  constructor(clock) {
    this.clock = clock;
    const server = this;
    this.EventSource = class extends EventTarget {
      readyState = 0;
      lastEventId = "";

      constructor(url) {
        super();
        this.url = new URL(url, "http://carillon.test");
        server.sources.push(this);
        setImmediate(() => server.#connect(this));
      }

      close() {
        this.readyState = 2;
      }

      /** As a browser does: the id sticks, and a source that is not open is silent. */
      receive(event, data, id = null) {
        if (this.readyState !== 1) return;
        if (id !== null) this.lastEventId = id;
        const message = new Event(event);
        Object.assign(message, { data: JSON.stringify(data), lastEventId: this.lastEventId });
        this.dispatchEvent(message);
      }
    };
    this.fetch = (url, request) => this.#answer(url, request);
  }

  get source() {
    return this.sources.at(-1);
  }

  get cursor() {
    return `${this.epoch}-${this.seq}`;
  }

  get sorted() {
    return [...this.items.values()].sort((a, b) => b.surfacedAt - a.surfacedAt || (a.id < b.id ? 1 : -1));
  }

  get ids() {
    return this.sorted.map((item) => item.id);
  }

  /** A new notification, or with a known `id` a replacement; `surfacedAt` decides its place. */
  notify(fields = {}) {
    this.#made += 1;
    const id = fields.id ?? `item-${String(this.#made).padStart(6, "0")}`;
    const now = this.clock.now();
    const item = {
      id, notificationId: `n-${id}`, title: `Title ${this.#made}`, body: "", actions: [], severity: "none", tags: [],
      seen: false, read: false, archived: false, snoozedUntil: null, readAt: null, seenAt: null, archivedAt: null,
      createdAt: this.items.get(id)?.createdAt ?? new Date(now).toISOString(), updatedAt: new Date(now).toISOString(),
      surfacedAt: now, ...fields,
    };
    this.items.set(id, item);
    this.publish("notification_received", wire(item));
    return item;
  }

  change(id, changes) {
    Object.assign(this.items.get(id), changes);
    this.publish("notification_updated", { id, ...changes });
  }

  /** A snooze ended: the item comes again, on top. */
  surface(id, surfacedAt) {
    const item = Object.assign(this.items.get(id), { snoozedUntil: null, surfacedAt });
    item.updatedAt = new Date(surfacedAt).toISOString();
    this.publish("notification_received", wire(item));
  }

  publish(event, data) {
    this.seq += 1;
    this.log.push({ seq: this.seq, event, data });
    this.source?.receive(event, data, this.cursor);
    this.tellCounts();
  }

  tellCounts() {
    const { unread, unseen } = this.#counts();
    this.source?.receive("unread_count_changed", { unread, unseen });
  }

  /** The connection breaks: a browser would now try the same address, and its spent ticket, again. */
  drop() {
    const { source } = this;
    if (source.readyState === 2) return;
    source.readyState = 0;
    source.dispatchEvent(new Event("error"));
  }

  /** The next request whose path contains `path` fails with this status (0: no answer at all). */
  failNext(path, status, headers = {}) {
    this.failures.push({ path, status, headers });
  }

  /** Requests whose path contains `path` are answered as of now, but arrive when the result is called. */
  hold(path) {
    let release;
    this.held = { path, until: new Promise((done) => (release = done)) };
    return () => {
      this.held = null;
      release();
    };
  }

  asked(path) {
    return this.requests.filter((request) => request.path === path);
  }

  async #answer(url, { method, headers, body }) {
    const { pathname, searchParams } = new URL(url, "http://carillon.test");
    const request = { method, path: pathname, query: searchParams, headers, body: body && JSON.parse(body) };
    this.requests.push(request);
    const waits = this.held && pathname.includes(this.held.path) ? this.held.until : null;
    const failure = this.failures.findIndex(({ path }) => pathname.includes(path));
    const response = failure >= 0 ? this.#fail(this.failures.splice(failure, 1)[0]) : this.#handle(request);
    await waits;
    return response;
  }

  #fail({ status, headers }) {
    if (status === 0) throw new TypeError("fetch failed");
    return problem(status, headers);
  }

  #handle({ path, query, headers, body }) {
    if (path === "/demo/session") return this.#session(body);
    const expires = this.tokens.get(headers.Authorization?.replace("Bearer ", ""));
    if (!(expires > this.clock.now())) return problem(401);
    if (path.endsWith("/sse/tickets")) return this.#ticket();
    if (path.endsWith("/inbox/count")) return envelope(200, this.#counts());
    if (path.endsWith("/inbox")) return this.#list(query);
    if (path.endsWith("/read-all")) return envelope(200, { updated: 1 });
    return this.#mark(...path.split("/").slice(-2), body);
  }

  #session({ subscriberId = "guest" }) {
    const token = `token-${this.tokens.size + 1}`;
    const expires = this.clock.now() + this.sessionLife;
    this.tokens.set(token, expires);
    return envelope(200, { token, expiresAt: new Date(expires).toISOString(), subscriberId });
  }

  #ticket() {
    const ticket = `ticket-${this.asked("/api/v1/sse/tickets").length}`;
    this.tickets.add(ticket);
    return envelope(201, { ticket, expiresAt: new Date(this.clock.now() + 30_000).toISOString() });
  }

  #counts() {
    const shown = [...this.items.values()].filter((item) => !item.archived && item.snoozedUntil === null);
    const number = (flag) => shown.filter((item) => !item[flag]).length;
    return { unread: number("read"), unseen: number("seen"), total: shown.length };
  }

  #list(query) {
    const archived = query.get("archived") === "true";
    const belongs = (item) =>
      (archived ? item.archived : !item.archived && item.snoozedUntil === null) &&
      (query.get("read") !== "false" || !item.read);
    const [time, id] = (query.get("cursor") ?? "").split("/");
    const below = (item) => !id || item.surfacedAt < Number(time) || (item.surfacedAt === Number(time) && item.id < id);
    const all = this.sorted.filter((item) => belongs(item) && below(item));
    const page = all.slice(0, Number(query.get("limit")));
    const nextCursor = page.length < all.length ? `${page.at(-1).surfacedAt}/${page.at(-1).id}` : null;
    return envelope(200, page.map(wire), { nextCursor, streamCursor: this.listsCursor ? this.cursor : null });
  }

  #mark(id, verb) {
    if (!this.items.has(id)) return problem(404);
    if (verb === "read") this.change(id, { read: true, readAt: new Date(this.clock.now()).toISOString() });
    return envelope(200, wire(this.items.get(id)));
  }

  #connect(source) {
    if (this.silent || source.readyState === 2) return;
    const [epoch, last] = (source.url.searchParams.get("lastEventId") ?? "").split("-").map(Number);
    if (!this.tickets.delete(source.url.searchParams.get("ticket"))) {
      source.readyState = 2;
      source.dispatchEvent(new Event("error"));
      return;
    }
    source.readyState = 1;
    source.dispatchEvent(new Event("open"));
    const replayable = epoch === this.epoch && last <= this.seq && (this.log[0]?.seq ?? this.seq + 1) <= last + 1;
    source.lastEventId = replayable ? `${epoch}-${last}` : this.cursor;
    if (replayable) {
      for (const { seq, event, data } of this.log) if (seq > last) source.receive(event, data, `${this.epoch}-${seq}`);
    } else if (!Number.isNaN(last) && last !== undefined) {
      source.receive("reset", { reason: "gap" }, this.cursor);
    }
    this.tellCounts();
  }
}

function wire({ surfacedAt, ...item }) {
  return structuredClone(item);
}

function envelope(status, data, meta = {}) {
  return new Response(JSON.stringify({ statusCode: status, message: "", data, meta }), { status });
}

function problem(status, headers = {}) {
  return new Response(JSON.stringify({ status, code: "test", detail: `refused with ${status}` }), { status, headers });
}

/** A client of a simulated server. `random` is 1: every delay is its longest. */
export function simulate(options = {}) {
  const clock = new ManualClock();
  const server = new SimulatedServer(clock);
  const { fetch, EventSource } = server;
  const client = new InboxClient({ fetch, EventSource, clock, random: () => 1, isOnline: () => true, ...options });
  return { clock, server, client };
}

/** The same, already live. */
export async function live(options) {
  const simulation = simulate(options);
  simulation.client.start();
  await settle();
  return simulation;
}
