/** One notification of the feed: its elements are made once and then changed in place, so that focus stays. */

const SEVERITIES = { low: "Low", medium: "Medium", high: "High" };
const LONGEST_BODY = 2_000;
const STEPS = [
  ["minute", 60_000, 3_600_000],
  ["hour", 3_600_000, 86_400_000],
  ["day", 86_400_000, 7 * 86_400_000],
];
const RELATIVE = new Intl.RelativeTimeFormat("en", { style: "narrow" });
const SHORT_DATE = new Intl.DateTimeFormat("en", { day: "numeric", month: "short" });
const FULL_DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

/** "now", "5m ago", "3h ago", "2d ago", then the date. */
export function relativeTime(then, now) {
  const passed = Math.max(0, now - then);
  if (passed < 45_000) return "now";
  const step = STEPS.find(([, , end]) => passed < end);
  if (!step) return SHORT_DATE.format(then);
  const [unit, length] = step;
  return RELATIVE.format(-Math.max(1, Math.round(passed / length)), unit);
}

/** An element with properties, attributes (`aria-…`, `data-…`) and children. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-")) made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawing = document.createElementNS(space, "svg");
  drawing.setAttribute("class", "icon");
  drawing.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  drawing.append(use);
  return drawing;
}

/** The address when a person may safely follow it, else null. */
function safeAddress(text) {
  try {
    const url = new URL(text, document.baseURI);
    return ["http:", "https:", "mailto:", "tel:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

function link(address, text) {
  return element("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, text);
}

export class InboxRow {
  #item = null;
  #act;
  #parts;

  /** `act(verb, item)` is called for `read`, `unread`, `archive`, `unarchive`, `snooze` and `{action}` objects. */
  constructor(item, act) {
    this.#act = act;
    const title = element("h2", { className: "item-title", id: `title-${item.id}` });
    const body = element("p", { className: "item-body", id: `body-${item.id}` });
    const severity = element("span", { className: "severity" });
    const time = element("time", { className: "item-time" });
    const actions = element("div", { className: "item-actions" });
    const tools = this.#tools();
    this.#parts = { title, body, severity, time, actions, ...tools.buttons };
    const head = element("div", { className: "item-head" }, title, severity, time);
    const main = element("div", { className: "item-main" }, head, body);
    this.element = element("article", { className: "item", tabIndex: 0 }, main, actions, tools.bar);
    this.element.dataset.id = item.id;
    this.element.setAttribute("aria-labelledby", `title-${item.id}`);
    this.element.setAttribute("aria-describedby", `body-${item.id}`);
    this.update(item);
  }

  get item() {
    return this.#item;
  }

  update(item) {
    if (item === this.#item) return;
    const before = this.#item;
    this.#item = item;
    this.element.dataset.unread = String(!item.read);
    this.element.dataset.severity = item.severity;
    this.#drawText(item);
    this.#drawTools(item);
    if (JSON.stringify(before?.actions) !== JSON.stringify(item.actions)) this.#drawActions(item);
    this.tick(Date.now());
  }

  /** The relative time moves on. */
  tick(now) {
    const text = relativeTime(Date.parse(this.#item.createdAt), now);
    if (this.#parts.time.textContent !== text) this.#parts.time.textContent = text;
  }

  place(position, total) {
    this.element.setAttribute("aria-posinset", position);
    this.element.setAttribute("aria-setsize", total);
  }

  #tools() {
    const button = (onclick) => element("button", { type: "button", className: "tool", onclick });
    const buttons = {
      read: button(() => this.#act(this.#item.read ? "unread" : "read", this.#item)),
      snooze: button(() => this.#act("snooze", this.#item)),
      archive: button(() => this.#act(this.#item.archived ? "unarchive" : "archive", this.#item)),
    };
    return { buttons, bar: element("div", { className: "item-tools" }, buttons.read, buttons.snooze, buttons.archive) };
  }

  #drawText(item) {
    const { title, body, severity, time } = this.#parts;
    const address = item.redirect && safeAddress(item.redirect);
    const heading = address ? link(address, item.title) : item.title;
    if (address) heading.addEventListener("click", () => this.#act("read", this.#item));
    const state = item.read ? [] : [element("span", { className: "visually-hidden" }, "Unread: ")];
    title.replaceChildren(...state, heading);
    body.textContent = item.body.length > LONGEST_BODY ? `${item.body.slice(0, LONGEST_BODY)}…` : item.body;
    body.hidden = item.body === "";
    severity.textContent = SEVERITIES[item.severity] ?? "";
    severity.hidden = !(item.severity in SEVERITIES);
    time.dateTime = item.createdAt;
    time.title = FULL_DATE.format(Date.parse(item.createdAt));
  }

  #drawTools(item) {
    const name = (button, drawing, words) => {
      if (button.title === words) return;
      button.title = words;
      button.replaceChildren(icon(drawing), element("span", { className: "visually-hidden" }, words));
    };
    name(this.#parts.read, item.read ? "dot" : "check", item.read ? "Mark as unread" : "Mark as read");
    name(this.#parts.snooze, "clock", "Snooze for 1 hour");
    const stored = item.archived;
    name(this.#parts.archive, stored ? "unarchive" : "archive", stored ? "Move back to the inbox" : "Archive");
    this.#parts.read.hidden = this.#parts.snooze.hidden = stored;
  }

  #drawActions(item) {
    const drawn = (item.actions ?? []).map((action) => this.#action(action));
    this.#parts.actions.replaceChildren(...drawn);
    this.#parts.actions.hidden = drawn.length === 0;
  }

  #action(action) {
    const address = action.url && safeAddress(action.url);
    const open = (action.state ?? "open") === "open";
    const made = address && open ? link(address, action.label) : element("button", { type: "button" }, action.label);
    made.className = "button small";
    if (address) made.append(icon("out"));
    if (!open) made.disabled = true;
    made.addEventListener("click", () => this.#act({ action }, this.#item));
    return made;
  }
}
