/**
 * Every inbox item the browser knows, once each, newest first, whatever mix of pages and live updates brought it.
 *
 * Each entry remembers the place in the stream up to which it is current (its version), so that a page which was
 * read before an update cannot undo it, and an update which a page already contains is not applied twice; and the
 * update which brought it to the top (raised), since when an older page knows no better place for it.
 */

const CLOCK_TOLERANCE = 1_000;

/** Read `<epoch>-<seq>`; null for anything else. */
export function parseCursor(text) {
  const match = /^(\d{1,15})-(\d{1,18})$/.exec(text ?? "");
  return match ? { epoch: Number(match[1]), seq: Number(match[2]) } : null;
}

/** Negative when `a` lies before `b`; null lies before everything. */
export function compareCursors(a, b) {
  if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
  return a.epoch - b.epoch || a.seq - b.seq;
}

/** Negative when `a` is shown above `b`. */
export function compareEntries(a, b) {
  return b.time - a.time || b.lift - a.lift || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

/**
 * Whether a bulk mark's filter means this item. `tags` is a list of which the item has one, or a list of such lists; what
 * is archived or snoozed is meant only where the filter says so (null: either).
 */
export function matchesFilter(item, filter) {
  const list = (wanted) => (wanted === undefined || wanted === null ? [] : [wanted].flat());
  const oneOf = (wanted, value) => list(wanted).length === 0 || list(wanted).includes(value);
  const agrees = (wanted, value) => wanted === undefined || wanted === null || wanted === value;
  const tags = list(filter.tags);
  const groups = tags.some((tag) => !Array.isArray(tag)) ? [tags] : tags;
  const data = item.data ?? {};
  const created = Date.parse(item.createdAt);
  return (
    groups.every((group) => group.some((tag) => item.tags.includes(tag))) &&
    oneOf(filter.severity, item.severity) &&
    oneOf(filter.workflow, item.workflow) &&
    agrees(filter.read, item.read) &&
    agrees(filter.seen, item.seen) &&
    agrees("archived" in filter ? filter.archived : false, item.archived) &&
    agrees("snoozed" in filter ? filter.snoozed : false, item.snoozedUntil !== null) &&
    Object.entries(filter.data ?? {}).every(([name, value]) => Object.hasOwn(data, name) && data[name] === value) &&
    !(filter.createdAfter && created <= Date.parse(filter.createdAfter)) &&
    !(filter.createdBefore && created >= Date.parse(filter.createdBefore))
  );
}

/** Without the flags that the item already has: a bulk mark leaves the time of the first reading alone. */
function onlyNew(item, changes) {
  const kept = { ...changes };
  for (const flag of ["seen", "read", "archived"]) {
    if (flag in kept && kept[flag] === item[flag]) {
      delete kept[flag];
      delete kept[`${flag}At`];
    }
  }
  return kept;
}

export class InboxItems {
  #entries = new Map();
  #order = [];

  get size() {
    return this.#order.length;
  }

  get(id) {
    return this.#entries.get(id)?.item ?? null;
  }

  /** The place in the stream up to which this item is current. */
  version(id) {
    return this.#entries.get(id)?.version ?? null;
  }

  /** All ids, newest first. */
  ids() {
    return this.#order.map((entry) => entry.id);
  }

  /** The entries that match and lie at or above `floor` (null: all), newest first. */
  select(matches, floor) {
    const found = [];
    for (const entry of this.#order) {
      if (floor !== null && compareEntries(entry, floor) > 0) break;
      if (matches(entry.item)) found.push(entry);
    }
    return found;
  }

  /** A `notification_received`: new, or a known item replaced or back from a snooze, which moves it up. */
  receive(item, at) {
    const time = Math.max(Date.parse(item.createdAt), Date.parse(item.updatedAt) || 0);
    const known = this.#entries.get(item.id);
    if (!known) return this.#insert({ id: item.id, item, version: at, raised: at, time, lift: 0 });
    // A page may have told what it says by now, but never when it came up.
    if (time > known.time) this.#raise(known, time, at);
    if (compareCursors(at, known.version) <= 0) return;
    known.item = item;
    known.version = at;
  }

  /** A `notification_updated` of one item: it is gone, or differs; with a snooze that ran out by `now` it is on top. */
  patch({ id, ...changes }, at, now) {
    const entry = this.#entries.get(id);
    if (!entry || compareCursors(at, entry.version) <= 0) return;
    const until = changes.snoozedUntil === null ? Date.parse(entry.item.snoozedUntil) : NaN;
    if (changes.deleted) return this.remove(id);
    entry.version = at;
    entry.item = { ...entry.item, ...changes };
    if (until > entry.time && until <= now + CLOCK_TOLERANCE) this.#raise(entry, until, at);
  }

  /** A `notification_updated` of everything that the filter means. */
  patchAll(filter, changes, at) {
    for (const entry of this.#order) {
      const { item } = entry;
      if (compareCursors(at, entry.version) <= 0) continue;
      entry.version = at;
      if (matchesFilter(item, filter)) entry.item = { ...item, ...onlyNew(item, changes) };
    }
  }

  /** What this browser did itself, ahead of the stream; its version stays. */
  amend(id, changes) {
    const entry = this.#entries.get(id);
    if (entry) entry.item = { ...entry.item, ...changes };
  }

  remove(id) {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#order.splice(this.#position(entry), 1);
    this.#entries.delete(id);
  }

  /**
   * A page as it was at `snapshot`, to go below the entries `above`. The server's order wins over the times we see:
   * an item that came back from a snooze is older than its place says. Answers the page's last entry, or null.
   */
  load(page, snapshot, above) {
    const entries = page.map((item) => this.#merge(item, snapshot));
    const unmoved = entries.filter((entry) => compareCursors(entry.raised, snapshot) <= 0);
    const inPage = new Set(unmoved);
    this.#keepOrder([...above.filter((entry) => !inPage.has(entry)), ...unmoved]);
    return unmoved.at(-1) ?? entries.at(-1) ?? null;
  }

  #merge(item, snapshot) {
    const known = this.#entries.get(item.id);
    if (known) {
      if (compareCursors(known.version, snapshot) <= 0) {
        known.item = item;
        known.version = snapshot;
      }
      return known;
    }
    const entry = { id: item.id, item, version: snapshot, raised: null, time: Date.parse(item.createdAt), lift: 0 };
    this.#insert(entry);
    return entry;
  }

  #keepOrder(chain) {
    for (let place = chain.length - 2; place >= 0; place -= 1) {
      const [upper, lower] = [chain[place], chain[place + 1]];
      if (compareEntries(upper, lower) > 0) this.#move(upper, lower.time, lower.lift + 1);
    }
  }

  #insert(entry) {
    this.#entries.set(entry.id, entry);
    this.#order.splice(this.#position(entry), 0, entry);
  }

  #raise(entry, time, at) {
    entry.raised = at;
    this.#move(entry, time, 0);
  }

  #move(entry, time, lift) {
    this.#order.splice(this.#position(entry), 1);
    entry.time = time;
    entry.lift = lift;
    this.#insert(entry);
  }

  /** Where the entry is, or belongs: the first place that is not above it. */
  #position(entry) {
    let [low, high] = [0, this.#order.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareEntries(this.#order[middle], entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
