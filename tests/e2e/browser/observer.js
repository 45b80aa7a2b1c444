/** Runs in the page before its own scripts: remembers what it tells the document, and what it was refused. */

window.observed = { statuses: [], received: [], violations: [] };

document.addEventListener("carillon:status", ({ detail }) => {
  if (observed.statuses.at(-1) !== detail.status) observed.statuses.push(detail.status);
});

document.addEventListener("carillon:received", ({ detail }) => {
  observed.received.push({ notificationId: detail.item.notificationId, eventId: detail.eventId });
});

document.addEventListener("securitypolicyviolation", (event) => {
  observed.violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
});

observed.focused = () => {
  const element = document.activeElement;
  // A radio button is drawn by the text beside it.
  const drawn = element.type === "radio" ? element.nextElementSibling : element;
  const style = getComputedStyle(drawn);
  return {
    name: element.getAttribute("aria-label") || element.title || element.textContent.trim().replace(/\s+/g, " "),
    tag: element.tagName.toLowerCase(),
    row: element.closest("[data-id]")?.dataset.id ?? null,
    outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1,
  };
};
