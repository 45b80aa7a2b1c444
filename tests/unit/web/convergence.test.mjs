// Whatever happens in whatever order, the client ends with what the server has.

import assert from "node:assert/strict";
import { test } from "node:test";

import { settle, simulate } from "./simulation.mjs";

const RUNS = 200;
const STEPS = 80;

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Disorder {
  #release = null;

  constructor(seed) {
    Object.assign(this, simulate());
    this.random = randomFrom(seed);
    this.snoozed = [];
  }

  async start() {
    for (let count = this.#below(70); count > 0; count -= 1) this.#notify();
    this.client.start();
    await settle();
  }

  async step() {
    this.clock.time += 1 + this.#below(50);
    const steps = [
      () => this.#notify(),
      () => this.#notify(),
      () => this.#notify(this.#any()),
      () => this.server.change(this.#any(), { read: true, readAt: this.#now() }),
      () => this.server.change(this.#any(), { title: `renamed at ${this.clock.now()}` }),
      () => this.server.change(this.#any(), { archived: true, archivedAt: this.#now(), read: true }),
      () => this.#markAll(),
      () => this.#snooze(),
      () => this.server.drop(),
      () => (this.random() < 0.2 ? (this.server.log = []) : null),
      () => void this.client.loadMore(),
      () => void this.client.loadMore(),
      () => void this.client.show(["all", "unread", "archived"][this.#below(3)]),
      () => this.#hold(),
      () => this.#hold(),
      () => this.clock.advance(this.#below(2_000)),
      () => this.server.failNext("/inbox", 503),
      () => settle(),
    ];
    await steps[this.#below(steps.length)]();
    this.#surface();
  }

  /** Quiet, connected, and scrolled to the very end of each view. */
  async end() {
    this.server.failures = [];
    this.#release?.();
    this.clock.time += 120_000;
    this.#surface();
    await this.clock.advance(120_000);
    for (const name of ["archived", "unread", "all"]) {
      await this.client.show(name);
      for (let page = 0; page < 20; page += 1) await this.client.loadMore();
      assert.equal(this.client.view(name).complete, true);
    }
  }

  #below(limit) {
    return Math.floor(this.random() * limit);
  }

  #any() {
    if (this.server.items.size === 0) this.#notify();
    return this.server.ids[this.#below(this.server.items.size)];
  }

  #now() {
    return new Date(this.clock.now()).toISOString();
  }

  #notify(id) {
    this.clock.time += 1 + this.#below(10);
    this.server.notify({ ...(id ? { id } : {}), tags: this.random() < 0.5 ? ["orders"] : [] });
  }

  #markAll() {
    const changes = { read: true, readAt: this.#now() };
    const belongs = (item) => !item.read && !item.archived && item.snoozedUntil === null && item.tags.includes("orders");
    for (const item of this.server.items.values()) if (belongs(item)) Object.assign(item, changes);
    this.server.publish("notification_updated", { filter: { tags: ["orders"] }, ...changes });
  }

  #snooze() {
    const id = this.#any();
    if (this.server.items.get(id).archived || this.snoozed.some((item) => item.id === id)) return;
    const until = this.clock.now() + this.#below(3_000);
    this.server.change(id, { snoozedUntil: new Date(until).toISOString() });
    this.snoozed.push({ id, until });
  }

  #surface() {
    const due = this.snoozed.filter((item) => item.until <= this.clock.now()).sort((a, b) => a.until - b.until);
    for (const { id, until } of due) {
      const item = this.server.items.get(id);
      if (item.snoozedUntil === null) continue;
      this.server.surface(id, until);
    }
    this.snoozed = this.snoozed.filter((item) => item.until > this.clock.now());
  }

  #hold() {
    if (this.#release) this.#release();
    this.#release = this.#release ? null : this.server.hold("/inbox");
  }
}

for (let seed = 1; seed <= RUNS; seed += 1) {
  test(`ends with what the server has, disorder ${seed}`, async () => {
    const disorder = new Disorder(seed);
    const { client, server } = disorder;
    client.addEventListener("change", () => assert.equal(new Set(client.ids()).size, client.ids().length));
    await disorder.start();
    for (let number = 0; number < STEPS; number += 1) await disorder.step();
    await disorder.end();
    const visible = server.sorted.filter((item) => !item.archived && item.snoozedUntil === null);
    assert.deepEqual(new Set(client.ids()), new Set(server.ids));
    for (const { surfacedAt, ...item } of server.items.values()) assert.deepEqual(client.item(item.id), item);
    assert.deepEqual(client.view("all").items.map((item) => item.id), visible.map((item) => item.id));
    assert.equal(client.unread, visible.filter((item) => !item.read).length);
    client.stop();
  });
}
