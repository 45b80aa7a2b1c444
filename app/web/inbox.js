/** The page at `/`: joins the client, which knows the protocol, to the document. */

import { InboxClient } from "./inbox_client.js";
import { InboxComposer } from "./inbox_composer.js";
import { InboxFeed } from "./inbox_feed.js";
import { Person } from "./inbox_person.js";
import { Toasts } from "./inbox_toasts.js";

const SNOOZE = 3_600_000;
const ANNOUNCE_AFTER = 800;
const PILL_PATIENCE = 600;
const STATUS_WORDS = { connecting: "Connecting", live: "Live", reconnecting: "Reconnecting", offline: "Offline" };
const BLANKS = {
  all: ["All quiet", "Send yourself a notification, and it rings here at once.", "Write one"],
  unread: ["All caught up", "There is nothing you have not read.", "Show all"],
  archived: ["Nothing archived", "What you archive is kept here.", "Show all"],
};
const DOINGS = { load: "Older notifications could not be read", "read-all": "They could not be marked as read" };

const find = (id) => document.getElementById(id);
const person = new Person();
const client = new InboxClient({ subscriberId: person.known() });
const toasts = new Toasts(find("toasts"));
const composer = new InboxComposer({ send: (content) => client.send(content), sent: showArrival });
const feed = new InboxFeed({
  root: find("feed"),
  act,
  needMore: () => client.loadMore(),
  fallback: find("inbox"),
});
let shown = "all";
let frame = null;
let counting = null;
let hiddenSince = null;
let arrivals = [];
let firstDrawing = true;

// What a test, or a curious person at the console, may look at.
window.carillonInbox = {
  ids: () => client.ids(),
  get unread() {
    return client.unread;
  },
  get status() {
    return client.status;
  },
  get lastEventId() {
    return client.lastEventId;
  },
  get receivedCount() {
    return client.receivedCount;
  },
};

function draw() {
  frame = null;
  const view = client.view(shown);
  const unfinished = feed.draw(view);
  find("feed").setAttribute("aria-busy", String(!view.loaded || unfinished));
  drawStates(view);
  if (view.loaded && !unfinished && feed.extend(view)) redraw();
  if (unfinished) redraw();
}

function redraw() {
  frame ??= requestAnimationFrame(draw);
}

function drawStates(view) {
  find("loading").hidden = view.loaded;
  find("feed").hidden = view.loaded && view.items.length === 0;
  find("blank").hidden = !view.loaded || view.items.length > 0 || !view.complete;
  find("more").hidden = !view.loaded || !feed.hasMore;
  find("more-button").textContent = view.failed ? "Try again" : view.loading ? "Loading…" : "Show older";
  find("end").hidden = !view.complete || feed.hasMore || view.items.length < 8;
  find("arrivals").hidden = feed.held === 0;
  find("arrivals-text").textContent = `${feed.held} new`;
  find("read-all").disabled = client.unread === 0;
  if (view.loaded && firstDrawing) {
    firstDrawing = false;
    openComposer(view.items.length === 0);
  }
}

/** Not in a frame: a page in the background draws none, and its title is what one looks at. */
function recount() {
  counting ??= setTimeout(drawCount);
}

function drawCount() {
  counting = null;
  const { unread } = client;
  const text = unread > 999 ? "999+" : String(unread);
  document.title = unread > 0 ? `(${text}) Inbox · Carillon` : "Inbox · Carillon";
  const address = unread > 0 ? "assets/icon-unread.svg" : "assets/icon.svg";
  if (find("favicon").getAttribute("href") !== address) find("favicon").setAttribute("href", address);
  const words = Object.assign(document.createElement("span"), { className: "visually-hidden", textContent: " unread" });
  find("unread").replaceChildren(text, words);
  find("unread").hidden = unread === 0;
}

function act(verb, item) {
  if (verb.action) {
    document.dispatchEvent(new CustomEvent("carillon:action", { detail: { item, action: verb.action } }));
    if (!item.read) client.mark(item.id, "read");
    return;
  }
  if (verb === "read" && item.read) return;
  const until = new Date(Date.now() + SNOOZE);
  const done = client.mark(item.id, verb, verb === "snooze" ? { until: until.toISOString() } : undefined);
  const undo = { archive: "unarchive", snooze: "unsnooze" }[verb];
  if (!undo) return;
  const clock = until.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  const words = verb === "archive" ? "Archived" : `Snoozed until ${clock}`;
  const toast = toasts.show(words, { label: "Undo", run: () => client.mark(item.id, undo) });
  done.then((worked) => worked || toast.close());
}

function describeBlank() {
  const [title, text, action] = BLANKS[shown];
  find("blank-title").textContent = title;
  find("blank-text").textContent = text;
  find("blank-action").textContent = action;
}

function choose(name) {
  if (name === shown) return;
  shown = name;
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === name));
  }
  describeBlank();
  feed.restart();
  client.show(name);
  redraw();
}

/** On a narrow page the form folds away, so that the inbox is in sight. */
function openComposer(open) {
  find("composer").dataset.open = String(open);
  find("composer-toggle").setAttribute("aria-expanded", String(open));
  find("composer-toggle").lastElementChild.textContent = open ? "Hide" : "Write";
}

/** Where the form lies above the inbox it would hide what arrives. */
function showArrival() {
  if (find("composer-toggle").offsetParent === null) return;
  openComposer(false);
  find("inbox").focus({ preventScroll: true });
}

function showStatus() {
  const { status } = client;
  find("status").dataset.status = status;
  find("status-text").textContent = STATUS_WORDS[status];
  if (client.subscriberId) {
    person.remember(client.subscriberId);
    composer.addressedTo(client.subscriberId);
  }
}

function showNotice(status, error) {
  find("notice").hidden = status !== "offline" && !(error?.status >= 400 && error.status < 500);
  if (error?.status >= 400) find("notice-text").textContent = `Carillon refused: ${error.message}`;
  else find("notice-text").textContent = "Not connected. Trying again by itself; nothing is lost meanwhile.";
}

let pill = null;
client.addEventListener("status", ({ detail }) => {
  clearTimeout(pill);
  // A connection that is back within the blink of an eye is not worth a word.
  pill = setTimeout(showStatus, detail.status === "reconnecting" ? PILL_PATIENCE : 0);
  if (detail.status === "live" || detail.retryAt !== null) showNotice(detail.status, detail.error);
  document.dispatchEvent(new CustomEvent("carillon:status", { detail }));
});

client.addEventListener("received", ({ detail }) => {
  if (shown !== "archived") feed.arrive(detail.item.id);
  composer.arrived(detail.item, performance.now());
  if (arrivals.length === 0) setTimeout(announce, ANNOUNCE_AFTER);
  arrivals.push(detail.item.title);
  find("bell").classList.add("ringing");
  document.dispatchEvent(new CustomEvent("carillon:received", { detail }));
});

/** One sentence for what came within a moment, however much it was. */
function announce() {
  find("announcer").textContent =
    arrivals.length === 1 ? `New notification: ${arrivals[0]}` : `${arrivals.length} new notifications`;
  arrivals = [];
}

client.addEventListener("change", () => {
  recount();
  redraw();
});

client.addEventListener("problem", ({ detail: { error, doing } }) => {
  toasts.show(`${DOINGS[doing] ?? "That did not work"}: ${error.message}`, null, "bad");
});

/** Drawing at the top shows what waited. */
function goToTop() {
  find("inbox").scrollIntoView();
  find("inbox").focus({ preventScroll: true });
  redraw();
}

find("arrivals").addEventListener("click", goToTop);
find("bell").addEventListener("animationend", () => find("bell").classList.remove("ringing"));
find("more-button").addEventListener("click", () => client.loadMore());
find("read-all").addEventListener("click", () => client.markAllRead());
find("retry").addEventListener("click", () => client.wake());
find("composer-toggle").addEventListener("click", () => openComposer(find("composer").dataset.open !== "true"));
find("blank-action").addEventListener("click", () => {
  if (shown !== "all") return choose("all");
  openComposer(true);
  find("send-title").focus();
});
for (const button of document.querySelectorAll("[data-view]")) {
  button.addEventListener("click", () => choose(button.dataset.view));
}
addEventListener("scroll", redraw, { passive: true });
addEventListener("resize", redraw, { passive: true });
// A page on this very machine works without any network: only a new connection tells.
for (const name of ["online", "offline"]) addEventListener(name, () => client.wake(Infinity));
addEventListener("pageshow", (event) => event.persisted && client.wake(Infinity));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenSince = Date.now();
  else client.wake(hiddenSince === null ? 0 : Date.now() - hiddenSince);
});
setInterval(() => feed.tick(Date.now()), 20_000);

describeBlank();
redraw();
client.start();
