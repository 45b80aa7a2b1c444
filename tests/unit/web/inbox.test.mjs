// What is known of the inbox, whatever mix of pages and live updates told it.

import assert from "node:assert/strict";
import { test } from "node:test";

import { matchesFilter } from "../../../app/web/inbox_items.js";
import { InboxPages } from "../../../app/web/inbox_pages.js";
import { live, settle, simulate } from "./simulation.mjs";

const shown = (client, view = "all") => client.view(view).items.map((item) => item.id);

function fill(server, clock, count) {
  for (let number = 0; number < count; number += 1) {
    clock.time += 1_000;
    server.notify();
  }
}

test("joins history and live arrivals in one order, each once", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 45);
  client.start();
  await settle();
  fill(server, clock, 5);
  assert.deepEqual(shown(client), server.ids.slice(0, 25));
  await client.loadMore();
  await client.loadMore();
  assert.deepEqual(client.ids(), server.ids);
  assert.equal(client.view("all").complete, true);
  assert.equal(client.unread, 50);
});

test("brings a thousand missed notifications, each once and in order, when it reconnects", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 30);
  client.start();
  await settle();
  await client.loadMore();
  const received = [];
  client.addEventListener("received", ({ detail }) => received.push(detail.item.id));
  server.drop();
  fill(server, clock, 1_000);
  await clock.advance(1_000);
  assert.equal(client.receivedCount, 1_000);
  assert.equal(new Set(received).size, 1_000);
  assert.deepEqual(client.ids(), server.ids);
});

test("ignores an update that comes a second time", async () => {
  const { server, client } = await live();
  const item = server.notify();
  server.source.receive("notification_received", { ...item, title: "again" }, "7-1");
  assert.equal(client.receivedCount, 1);
  assert.equal(client.item(item.id).title, "Title 1");
});

test("orders items of the same millisecond by id, as the server does", async () => {
  const { server, client } = await live();
  for (let number = 0; number < 10; number += 1) server.notify();
  assert.deepEqual(client.ids(), server.ids);
});

test("moves an item up when it is replaced", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 3);
  client.start();
  await settle();
  clock.time += 1_000;
  server.notify({ id: "item-000001", title: "New text" });
  assert.deepEqual(client.ids(), ["item-000001", "item-000003", "item-000002"]);
  assert.equal(client.item("item-000001").title, "New text");
});

test("keeps the server's order of a list when an item there is older than its place", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 50);
  for (const id of ["item-000003", "item-000010", "item-000031"]) server.items.get(id).surfacedAt = clock.now() - 20_500;
  server.items.get("item-000001").surfacedAt = clock.now() + 1;
  client.start();
  await settle();
  await client.loadMore();
  await client.loadMore();
  assert.deepEqual(client.ids(), server.ids);
});

test("an update which overtakes the page that it concerns is not lost", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 30);
  client.start();
  await settle();
  const release = server.hold("/inbox");
  const loaded = client.loadMore();
  await settle();
  server.change("item-000002", { read: true, readAt: "2026-11-20T10:00:00Z" });
  release();
  await loaded;
  assert.equal(client.item("item-000002").read, true);
});

test("a page that is newer than the stream is not undone by the replay", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 30);
  client.start();
  await settle();
  server.drop();
  for (const title of ["first", "second"]) {
    clock.time += 100;
    server.change("item-000002", { title });
    server.notify({ id: "item-000001", title });
  }
  await client.loadMore();
  await client.show("unread");
  const titles = new Set();
  const look = () => ["item-000001", "item-000002"].forEach((id) => titles.add(client.item(id).title));
  client.addEventListener("change", look);
  await clock.advance(1_000);
  assert.deepEqual([...titles], ["second"]);
  assert.equal(client.ids()[0], "item-000001");
});

test("applies a bulk mark to what its filter means and keeps earlier reading times", async () => {
  const { server, client } = await live();
  const early = server.notify({ tags: ["orders"], read: true, readAt: "2026-11-20T08:00:00Z" });
  const other = server.notify({ tags: ["builds"] });
  const late = server.notify({ tags: ["orders", "vip"] });
  const asleep = server.notify({ tags: ["orders"], snoozedUntil: "2030-01-01T00:00:00Z" });
  server.publish("notification_updated", { filter: { tags: ["orders"] }, read: true, readAt: "2026-11-20T09:00:00Z" });
  assert.equal(client.item(early.id).readAt, "2026-11-20T08:00:00Z");
  assert.equal(client.item(late.id).readAt, "2026-11-20T09:00:00Z");
  assert.equal(client.item(other.id).read, false);
  assert.equal(client.item(asleep.id).read, false);
  server.publish("notification_updated", { filter: {}, seen: true });
  assert.equal(client.item(other.id).seen, true);
});

test("means with a filter what the server means", () => {
  const item = {
    tags: ["orders", "eu"], severity: "high", workflow: "shipped", read: true, seen: true, archived: false,
    snoozedUntil: null, data: { id: 1, paid: true, note: null }, createdAt: "2026-11-20T09:00:00.000Z",
  };
  const meant = [
    {}, { tags: [] }, { tags: ["x", "eu"] }, { tags: [["x", "eu"], ["orders"]] }, { severity: ["high", "low"] },
    { workflow: ["shipped"] }, { read: true, seen: true }, { archived: null, snoozed: null }, { data: { id: 1, note: null } },
    { createdAfter: "2026-11-20T08:59:59.999Z", createdBefore: "2026-11-20T09:00:00.001Z" },
  ];
  const others = [
    { tags: ["x"] }, { tags: [["eu"], ["x"]] }, { severity: ["low"] }, { workflow: ["sent"] }, { read: false },
    { archived: true }, { snoozed: true }, { data: { id: "1" } }, { data: { paid: 1 } }, { data: { missing: null } },
    { createdAfter: item.createdAt }, { createdBefore: item.createdAt },
  ];
  assert.deepEqual(meant.filter((filter) => !matchesFilter(item, filter)), []);
  assert.deepEqual(others.filter((filter) => matchesFilter(item, filter)), []);
  const hidden = { ...item, archived: true };
  assert.equal(matchesFilter(hidden, {}), false);
  assert.equal(matchesFilter(hidden, { archived: true }), true);
});

test("brings back what was archived when all of it is unarchived", async () => {
  const { server, client } = await live();
  const [one, other] = [server.notify({ tags: ["a"], archived: true }), server.notify({ archived: true })];
  const filter = { archived: true, tags: ["a"] };
  server.publish("notification_updated", { filter, archived: false, archivedAt: null });
  assert.equal(client.item(one.id).archived, false);
  assert.equal(client.item(other.id).archived, true);
});

test("drops a deleted item, and does not take it back from a page that was read before", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 25);
  client.start();
  await settle();
  const [gone, old] = [server.ids[3], server.ids[22]];
  const release = server.hold("/inbox");
  const loading = client.loadMore();
  for (const id of [gone, old]) {
    server.items.delete(id);
    server.publish("notification_updated", { id, deleted: true });
  }
  assert.equal(client.item(gone), null);
  release();
  await loading;
  assert.deepEqual(client.ids(), server.ids);
});

test("reads everything again after a gap, as far down as it was, and goes on from there", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 60);
  client.start();
  await settle();
  await client.loadMore();
  server.drop();
  fill(server, clock, 300);
  server.change("item-000050", { title: "changed unseen" });
  server.log = [];
  await clock.advance(1_000);
  assert.equal(client.lastEventId, server.cursor);
  assert.equal(client.item("item-000050").title, "changed unseen");
  assert.deepEqual(shown(client).slice(0, 340), server.ids.slice(0, 340), "nothing between old and new is missing");
  assert.equal(client.unread, 360);
  server.notify();
  assert.deepEqual(shown(client).slice(0, 2), server.ids.slice(0, 2));
});

test("shows what it had while it reads again", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 3);
  client.start();
  await settle();
  const before = shown(client);
  const release = server.hold("/inbox");
  server.source.receive("reset", { reason: "gap" }, server.cursor);
  await settle();
  assert.deepEqual(shown(client), before);
  assert.equal(client.view("all").loaded, true);
  release();
  await settle();
  assert.deepEqual(shown(client), server.ids);
});

test("an update between the gap and the list that closes it is not lost", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 3);
  client.start();
  await settle();
  const release = server.hold("/inbox");
  server.source.receive("reset", { reason: "gap" }, server.cursor);
  await settle();
  server.change("item-000001", { read: true });
  server.notify();
  release();
  await settle();
  assert.equal(client.item("item-000001").read, true);
  assert.deepEqual(shown(client), server.ids);
});

test("begins again when the list cannot be read after a gap", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 3);
  client.start();
  await settle();
  for (let times = 0; times < 2; times += 1) server.failNext("/inbox", 503);
  server.source.receive("reset", { reason: "gap" }, server.cursor);
  await clock.advance(5_000);
  assert.equal(client.status, "live");
  assert.deepEqual(shown(client), server.ids);
});

test("tries again when the first list fails, and says why", async () => {
  const { clock, server, client } = simulate();
  const errors = [];
  client.addEventListener("status", ({ detail }) => detail.error && errors.push(detail.error.status));
  server.failNext("/demo/session", 404);
  client.start();
  await clock.advance(1_000);
  assert.deepEqual(errors, [404]);
  assert.equal(client.status, "live");
});

test("has no holes in a view although another view knows older items", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 60);
  for (const number of [5, 25, 45]) server.change(`item-${String(number).padStart(6, "0")}`, { read: true });
  client.start();
  await settle();
  await client.show("unread");
  await client.loadMore();
  assert.equal(shown(client, "unread").length, 40);
  assert.deepEqual(shown(client, "all"), server.ids.slice(0, 20));
  await client.show("archived");
  assert.deepEqual(client.view("archived"), { items: [], loaded: true, loading: false, failed: false, complete: true });
});

test("shows a mark at once and takes it back when it is refused", async () => {
  const { server, client } = await live();
  const { id } = server.notify();
  const problems = [];
  client.addEventListener("problem", ({ detail }) => problems.push(detail.doing));
  server.failNext("/read", 503);
  const marked = client.mark(id, "read");
  assert.equal(client.item(id).read, true);
  assert.equal(client.unread, 0);
  assert.equal(await marked, false);
  assert.equal(client.item(id).read, false);
  assert.equal(client.unread, 1);
  assert.deepEqual(problems, ["read"]);
});

test("forgets an item that is gone", async () => {
  const { server, client } = await live();
  const { id } = server.notify();
  server.items.delete(id);
  await client.mark(id, "archive");
  assert.deepEqual(client.ids(), []);
});

test("hides a snoozed item and puts it on top when its time has come", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 3);
  client.start();
  await settle();
  const until = new Date(clock.now() + 60_000).toISOString();
  server.change("item-000001", { snoozedUntil: until });
  assert.deepEqual(shown(client), ["item-000003", "item-000002"]);
  await clock.advance(60_000);
  server.items.get("item-000001").surfacedAt = clock.now();
  server.change("item-000001", { snoozedUntil: null });
  assert.deepEqual(shown(client), server.ids);
});

test("reads again when an item that it never read comes into the view", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 3);
  server.items.get("item-000002").archived = true;
  client.start();
  await settle();
  assert.deepEqual(client.ids(), ["item-000003", "item-000001"]);
  server.change("item-000002", { archived: false, archivedAt: null });
  await clock.advance(500);
  assert.deepEqual(shown(client), server.ids);
});

test("does not read again for what a page already contained", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 30);
  client.start();
  await settle();
  server.drop();
  server.change("item-000002", { archived: true });
  server.change("item-000002", { archived: false });
  await client.show("archived");
  const asked = server.asked("/api/v1/inbox").length;
  await clock.advance(5_000);
  assert.equal(client.lastEventId, server.cursor);
  assert.equal(server.asked("/api/v1/inbox").length, asked);
});

test("does not continue a view whose beginning is out of date", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 60);
  for (const item of server.items.values()) item.archived = true;
  const unknown = server.items.get("item-000060");
  unknown.archived = false;
  unknown.snoozedUntil = "2030-01-01T00:00:00Z";
  client.start();
  await settle();
  await client.show("archived");
  server.drop();
  server.change(unknown.id, { archived: true, snoozedUntil: null });
  const release = server.hold("/inbox");
  client.loadMore();
  client.show("all");
  await clock.advance(1_000);
  assert.equal(client.lastEventId, server.cursor);
  release();
  await settle();
  await client.show("archived");
  assert.equal(shown(client, "archived")[0], unknown.id);
});

test("follows a stream that was set back", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 5);
  client.start();
  await settle();
  server.seq = 1;
  server.source.receive("reset", { reason: "gap" }, "7-1");
  await settle();
  fill(server, clock, 1);
  assert.equal(client.lastEventId, "7-2");
  assert.deepEqual(shown(client), server.ids);
});

test("reads the view that was chosen while it read another one again", async () => {
  const { clock, server, client } = simulate();
  fill(server, clock, 3);
  client.start();
  await settle();
  const release = server.hold("/inbox");
  server.source.receive("reset", { reason: "gap" }, server.cursor);
  await settle();
  client.show("unread");
  release();
  await settle();
  assert.deepEqual(shown(client, "unread"), server.ids);
});

test("asks for the counts itself after a mark while the stream is down", async () => {
  const { server, client } = await live();
  const { id } = server.notify();
  server.drop();
  server.notify();
  server.notify();
  await client.mark(id, "read");
  assert.equal(client.unread, 2);
});

test("does not believe a count that the stream has overtaken", async () => {
  const { server, client } = simulate();
  const release = server.hold("/inbox/count");
  client.start();
  await settle();
  assert.equal(client.status, "connecting");
  release();
  await settle();
  const late = server.hold("/inbox/count");
  server.source.receive("reset", { reason: "gap" }, server.cursor);
  await settle();
  server.notify();
  late();
  await settle();
  assert.equal(client.unread, 1);
});

test("reads a page again when more updates overtook it than are kept", async () => {
  const item = { id: "a", createdAt: "2026-11-20T09:00:00Z", snoozedUntil: null, archived: false, read: false, tags: [] };
  const answers = [
    { data: [item], meta: { nextCursor: null, streamCursor: "7-1" } },
    { data: [{ ...item, read: true }], meta: { nextCursor: null, streamCursor: "7-4" } },
  ];
  let arrive;
  const read = () => (answers.length === 2 ? new Promise((done) => (arrive = () => done(answers.shift()))) : answers.shift());
  const pages = new InboxPages({ read, now: () => 0, changed: () => undefined, outdated: () => undefined, logLimit: 2 });
  const loaded = pages.loadMore("all");
  for (const seq of [2, 3, 4]) pages.update({ id: "a", read: seq === 2 }, { epoch: 7, seq });
  arrive();
  await loaded;
  assert.equal(answers.length, 0);
  assert.equal(pages.items.get("a").read, true);
});
