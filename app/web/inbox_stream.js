/**
 * One subscriber's live stream over a native EventSource, kept open.
 *
 * A ticket opens one connection, and an EventSource never retries after an answer that is not 200. So its own
 * reconnecting is of no use here: on every `error` it is closed, and opened again with a new ticket and with the
 * last place seen.
 */

const OPEN_TIMEOUT = 15_000;
const STABLE_AFTER = 5_000;
const UNSTABLE_FAILURES = 2;
const LONGEST_DELAY = 30_000;
const OFFLINE_AFTER = 3;
const STALE_AFTER = 60_000;
const EVENTS = ["notification_received", "notification_updated", "unread_count_changed", "reset"];

/** Milliseconds before try number `failures` (from 0): up to 1 s, doubling, up to 30 s; a quarter of it is certain. */
export function backoff(failures, random) {
  const ceiling = Math.min(LONGEST_DELAY, 1000 * 2 ** Math.min(failures, 10));
  return ceiling * (0.25 + 0.75 * random());
}

/** Milliseconds to stay away after `shutdown`: what its data asks for, else 1 to 5 s. */
export function farewell(text, random) {
  let retry = NaN;
  try {
    retry = Number(JSON.parse(text)?.retry);
  } catch {
    // The event's data is optional.
  }
  return retry > 0 ? Math.min(retry, LONGEST_DELAY) : 1000 + 4000 * random();
}

export class InboxStream {
  #parts;
  #status = "connecting";
  #source = null;
  #attempt = null;
  #timer = null;
  #failures = 0;
  #openedAt = null;
  #retryAt = null;

  /**
   * `requestTicket()` may throw an error with `retryAfter`; `position()` is the last event id or null;
   * `onMessage(name, data text, last event id)`; `onStatus(status, retryAt in ms or null, error or null)`.
   */
  constructor({ EventSource, clock, random, isOnline, url, requestTicket, position, onMessage, onStatus }) {
    this.#parts = { EventSource, clock, random, isOnline, url, requestTicket, position, onMessage, onStatus };
  }

  /** `connecting` until the first success, then `live`, `reconnecting`, or `offline` after repeated failure. */
  get status() {
    return this.#status;
  }

  /** Opens, or closes and opens again, now. */
  async restart() {
    this.stop();
    const attempt = {};
    this.#attempt = attempt;
    this.#show(this.#status === "live" ? "reconnecting" : this.#status, null);
    try {
      const ticket = await this.#parts.requestTicket();
      if (attempt === this.#attempt) this.#open(ticket);
    } catch (error) {
      if (attempt === this.#attempt) this.#failed(error);
    }
  }

  stop() {
    this.#parts.clock.clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
    this.#attempt = null;
    this.#openedAt = null;
  }

  /** The network or the person is back: no waiting. `away` is for how many ms nobody can vouch for the connection. */
  wake(away = 0) {
    const waiting = this.#attempt === null;
    const doubtful = this.#openedAt !== null && away >= STALE_AFTER;
    if (waiting || doubtful) this.restart();
  }

  #open(ticket) {
    const query = new URLSearchParams({ ticket });
    const position = this.#parts.position();
    if (position) query.set("lastEventId", position);
    const source = new this.#parts.EventSource(`${this.#parts.url}?${query}`);
    this.#source = source;
    this.#timer = this.#parts.clock.setTimeout(() => this.#lost(source), OPEN_TIMEOUT);
    source.addEventListener("open", () => this.#opened(source));
    source.addEventListener("error", () => this.#lost(source));
    source.addEventListener("shutdown", (event) => this.#leave(source, event.data));
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => {
        if (source === this.#source) this.#parts.onMessage(name, event.data, event.lastEventId);
      });
    }
  }

  #opened(source) {
    if (source !== this.#source) return;
    this.#parts.clock.clearTimeout(this.#timer);
    this.#openedAt = this.#parts.clock.now();
    this.#show("live", null);
  }

  #lost(source) {
    if (source !== this.#source) return;
    if (this.#openedAt !== null) {
      const stable = this.#parts.clock.now() - this.#openedAt >= STABLE_AFTER;
      this.#failures = stable ? 0 : Math.min(this.#failures, UNSTABLE_FAILURES);
    }
    this.#failed(null);
  }

  #leave(source, text) {
    if (source !== this.#source) return;
    this.#failures = 0;
    this.#again(farewell(text, this.#parts.random), null);
  }

  #failed(error) {
    const delay = Math.max(error?.retryAfter ?? 0, backoff(this.#failures, this.#parts.random));
    this.#failures += 1;
    this.#again(delay, error);
  }

  #again(delay, error) {
    this.stop();
    const away = !this.#parts.isOnline() || this.#failures > OFFLINE_AFTER;
    this.#timer = this.#parts.clock.setTimeout(() => this.restart(), delay);
    this.#show(away ? "offline" : "reconnecting", this.#parts.clock.now() + delay, error);
  }

  #show(status, retryAt, error = null) {
    if (status === this.#status && retryAt === this.#retryAt) return;
    this.#status = status;
    this.#retryAt = retryAt;
    this.#parts.onStatus(status, retryAt, error);
  }
}
