// How the stream is kept open.

import assert from "node:assert/strict";
import { test } from "node:test";

import { backoff, farewell } from "../../../app/web/inbox_stream.js";
import { live, settle, simulate } from "./simulation.mjs";

const tickets = (server) => server.asked("/api/v1/sse/tickets").length;

test("opens where the list was read", async () => {
  const { clock, server, client } = simulate();
  server.notify();
  client.start();
  await settle();
  assert.equal(server.source.url.pathname, "/sse/notifications");
  assert.equal(server.source.url.searchParams.get("lastEventId"), "7-1");
  assert.equal(client.status, "live");
  await clock.advance(60_000);
  assert.equal(server.sources.length, 1, "a live stream is left alone");
});

test("reconnects with a new ticket and the last id seen when the connection breaks", async () => {
  const { clock, server, client } = await live();
  server.notify();
  server.notify();
  const [broken] = server.sources;
  server.drop();
  assert.equal(broken.readyState, 2, "the browser's own retry would use a spent ticket");
  assert.equal(client.status, "reconnecting");
  server.notify();
  await clock.advance(1_000);
  assert.equal(client.status, "live");
  assert.equal(server.source.url.searchParams.get("ticket"), "ticket-2");
  assert.equal(server.source.url.searchParams.get("lastEventId"), "7-2");
  assert.deepEqual(client.ids(), server.ids);
});

test("takes the place at which the stream opened from the first event, though that has no id of its own", async () => {
  const { clock, server, client } = simulate();
  server.listsCursor = false;
  server.notify();
  client.start();
  await settle();
  assert.equal(server.source.url.searchParams.has("lastEventId"), false);
  assert.equal(client.lastEventId, "7-1");
  server.drop();
  server.notify();
  await clock.advance(1_000);
  assert.equal(client.receivedCount, 1);
});

test("takes a new ticket when the one it had was spent", async () => {
  const { clock, server, client } = await live();
  server.drop();
  const release = server.hold("/sse/tickets");
  await clock.advance(1_000);
  server.tickets.clear();
  release();
  await settle();
  assert.equal(client.status, "reconnecting", "a refused stream is an error event and nothing more");
  await clock.advance(2_000);
  assert.equal(tickets(server), 3);
  assert.equal(client.status, "live");
});

test("renews the session first when the ticket is refused with 401", async () => {
  const { clock, server, client } = await live();
  server.tokens.clear();
  server.drop();
  await clock.advance(1_000);
  assert.equal(server.asked("/demo/session").length, 2);
  assert.equal(client.status, "live");
});

test("renews the session of the same person before it ends", async () => {
  const { clock, server } = await live({ subscriberId: "ada" });
  await clock.advance(server.sessionLife - 60_000);
  assert.deepEqual(server.asked("/demo/session").map(({ body }) => body), [{ subscriberId: "ada" }, { subscriberId: "ada" }]);
});

test("asks again for a session when renewing it failed", async () => {
  const { clock, server } = await live();
  server.failNext("/demo/session", 503);
  await clock.advance(server.sessionLife - 60_000);
  await clock.advance(5_000);
  assert.equal(server.asked("/demo/session").length, 3);
});

test("works with the clock of the browser a day ahead", async () => {
  const { clock, server, client } = simulate();
  server.clock = { now: () => clock.now() - 86_400_000 };
  client.start();
  await settle();
  assert.equal(client.status, "live");
  assert.equal(server.asked("/demo/session").length, 1);
});

test("waits longer with each failure and says offline after several", async () => {
  const { clock, server, client } = await live();
  const seen = [];
  client.addEventListener("status", ({ detail }) => seen.push(detail.status));
  for (let times = 0; times < 4; times += 1) server.failNext("/sse/tickets", 0);
  server.drop();
  await clock.advance(1_000);
  await clock.advance(2_000);
  assert.equal(client.status, "reconnecting");
  await clock.advance(4_000);
  assert.equal(client.status, "offline");
  await clock.advance(8_000);
  assert.equal(client.status, "offline");
  await clock.advance(16_000);
  assert.equal(client.status, "live");
  assert.equal(seen.at(-1), "live");
});

test("says offline at once when the browser says so", async () => {
  const { server, client } = await live({ isOnline: () => false });
  server.drop();
  assert.equal(client.status, "offline");
});

test("stays away as long as a refusal asks", async () => {
  const { clock, server, client } = await live();
  server.failNext("/sse/tickets", 429, { "Retry-After": "20" });
  server.drop();
  await clock.advance(1_000);
  await clock.advance(19_000);
  assert.equal(client.status, "reconnecting");
  await clock.advance(1_000);
  assert.equal(client.status, "live");
});

test("connects at once when woken while waiting", async () => {
  const { server, client } = await live();
  server.drop();
  client.wake();
  await settle();
  assert.equal(client.status, "live");
  assert.equal(server.sources.length, 2);
});

test("does not start a second attempt when woken while one is under way", async () => {
  const { server, client } = await live();
  server.drop();
  const release = server.hold("/sse/tickets");
  client.wake();
  client.wake();
  client.wake();
  await settle();
  release();
  await settle();
  assert.equal(tickets(server), 2);
});

test("opens a stream again after a long absence, and leaves it alone after a short one", async () => {
  const { server, client } = await live();
  client.wake(10_000);
  await settle();
  assert.equal(server.sources.length, 1);
  client.wake(3_600_000);
  await settle();
  assert.equal(server.sources.length, 2);
  assert.equal(server.sources[0].readyState, 2);
});

test("leaves when told of a shutdown and comes back within five seconds", async () => {
  const { clock, server, client } = await live();
  const [leaving] = server.sources;
  leaving.receive("shutdown", {});
  assert.equal(leaving.readyState, 2);
  assert.equal(client.status, "reconnecting");
  await clock.advance(4_900);
  assert.equal(server.sources.length, 1);
  await clock.advance(100);
  assert.equal(client.status, "live");
});

test("stays away for the time that a shutdown names", () => {
  assert.equal(farewell('{"retry":17000}', () => 0.5), 17_000);
  assert.equal(farewell('{"retry":900000}', () => 0.5), 30_000);
  assert.equal(farewell("{}", () => 0), 1_000);
  assert.equal(farewell("not json", () => 1), 5_000);
});

test("gives up a connection that never opens", async () => {
  const { clock, server, client } = simulate();
  server.silent = true;
  client.start();
  await clock.advance(14_999);
  assert.equal(client.status, "connecting");
  server.silent = false;
  await clock.advance(1_001);
  assert.equal(server.sources[0].readyState, 2);
  assert.equal(client.status, "live");
});

test("backs off from a quarter of a second to half a minute", () => {
  assert.equal(backoff(0, () => 0), 250);
  assert.equal(backoff(0, () => 1), 1_000);
  assert.equal(backoff(3, () => 1), 8_000);
  assert.equal(backoff(50, () => 1), 30_000);
});

test("forgets earlier failures once a connection held", async () => {
  const { clock, server, client } = await live();
  for (let times = 0; times < 3; times += 1) server.failNext("/sse/tickets", 0);
  server.drop();
  await clock.advance(15_000);
  assert.equal(client.status, "live");
  await clock.advance(5_000);
  server.drop();
  await clock.advance(1_000);
  assert.equal(client.status, "live");
});

test("waits a little longer each time when connections break as soon as they open", async () => {
  const { clock, server, client } = await live();
  for (const delay of [1_000, 2_000, 4_000, 4_000]) {
    server.drop();
    await clock.advance(delay - 1);
    assert.equal(client.status, "reconnecting");
    await clock.advance(1);
    assert.equal(client.status, "live");
  }
});

test("opens one stream when started twice", async () => {
  const { server, client } = simulate();
  server.notify();
  client.start();
  client.start();
  await settle();
  assert.equal(server.sources.length, 1);
  assert.equal(client.lastEventId, "7-1");
});

test("opens one stream when started again while a ticket is on its way", async () => {
  const { server, client } = await live();
  server.drop();
  const release = server.hold("/sse/tickets");
  client.wake();
  await settle();
  client.start();
  release();
  await settle();
  assert.equal(server.sources.length, 2);
});

test("gives up a request that is not answered", async () => {
  const unanswered = (url, { signal }) =>
    new Promise((_, refuse) => signal.addEventListener("abort", () => refuse(new Error("aborted"))));
  let asked = 0;
  const { clock, server, client } = simulate({
    fetch: (...request) => ((asked += 1) === 1 ? unanswered(...request) : server.fetch(...request)),
  });
  client.start();
  await clock.advance(15_000);
  assert.equal(client.status, "reconnecting");
  await clock.advance(1_000);
  assert.equal(client.status, "live");
});

test("leaves no timer behind when stopped", async () => {
  const { clock, client } = await live();
  client.stop();
  assert.equal(clock.timers.size, 0);
});

test("leaves no timer behind when stopped while a session is being opened", async () => {
  const { clock, server, client } = simulate();
  const release = server.hold("/demo/session");
  client.start();
  await settle();
  client.stop();
  release();
  await settle();
  assert.equal(clock.timers.size, 0);
  assert.equal(server.sources.length, 0);
});
