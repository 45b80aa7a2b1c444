/** What the views show, what counts as unread, and what each mark does to an item before the server says so. */

const hidden = (item) => item.archived || item.snoozedUntil !== null;
const comesBack = (changes) => changes.archived === false || changes.snoozedUntil === null;

/** Whether the unread badge counts it. */
export const countsAsUnread = (item) => !item.read && !hidden(item);

/** `query` asks the server for a view, `matches` tells what belongs to it, `gains` what changes may bring into it. */
export const VIEWS = {
  all: { query: {}, matches: (item) => !hidden(item), gains: comesBack },
  unread: {
    query: { read: "false" },
    matches: countsAsUnread,
    gains: (changes) => changes.read === false || comesBack(changes),
  },
  archived: {
    query: { archived: "true" },
    matches: (item) => item.archived,
    gains: (changes) => changes.archived === true,
  },
};

/** The changes of each mark, at the ISO time `now`. */
export const MARKS = {
  read: (now) => ({ read: true, readAt: now, seen: true }),
  unread: () => ({ read: false, readAt: null }),
  archive: (now) => ({ archived: true, archivedAt: now, read: true, seen: true, snoozedUntil: null }),
  unarchive: () => ({ archived: false, archivedAt: null }),
  snooze: (now, { until }) => ({ snoozedUntil: until, archived: false, archivedAt: null }),
  unsnooze: () => ({ snoozedUntil: null }),
};
