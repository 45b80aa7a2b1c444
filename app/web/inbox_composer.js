/** The form that sends a notification to oneself, and the same thing as a call from a backend. */

const SAMPLES = [
  { title: "Parcel 42 is on its way", body: "It left the depot this morning and arrives tomorrow before noon.", severity: "none" },
  { title: "Ada mentioned you", body: "“Could you look at the third paragraph before we publish?”", severity: "low" },
  { title: "Storage is 82 % full", body: "At this pace there is room for nine more days.", severity: "medium" },
  { title: "Build 318 failed", body: "2 of 941 tests are red on main.", severity: "high" },
];
const REMEMBERED = 50;

export class InboxComposer {
  #send;
  #form = document.querySelector("#send");
  #outcome = document.querySelector("#send-outcome");
  #button = document.querySelector("#send-button");
  #sample = 0;
  #edited = false;
  #arrivals = new Map();
  #waiting = null;
  #subscriberId = "you";

  /** `send(content)` resolves to the `data` of the 202 or rejects with a RequestFailed; `sent()` after success. */
  constructor({ send, sent }) {
    this.#send = send;
    this.sent = sent;
    this.#fill();
    this.#form.addEventListener("input", () => this.#changed());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    document.querySelector("#copy").addEventListener("click", (event) => this.#copy(event.currentTarget));
  }

  /** To whom the call in the recipe is addressed. */
  addressedTo(subscriberId) {
    this.#subscriberId = subscriberId;
    this.#drawRecipe();
  }

  /** Something arrived: the stream may well be faster than the answer to the request. */
  arrived(item, at) {
    this.#arrivals.set(item.notificationId, at);
    if (this.#arrivals.size > REMEMBERED) this.#arrivals.delete(this.#arrivals.keys().next().value);
    this.#tellArrival();
  }

  #content() {
    const value = (name) => this.#form.elements[name].value.trim();
    const content = { title: value("title"), body: value("body"), severity: value("severity") };
    const [label, url] = [value("label"), value("url")];
    if (url) content.actions = [{ id: "open", label: label || "Open", url }];
    return content;
  }

  async #submit() {
    if (this.#button.disabled || !this.#valid()) return;
    const started = performance.now();
    this.#busy(true);
    try {
      const { id } = await this.#send(this.#content());
      this.#waiting = { id, started };
      this.#tell("Accepted. Waiting for it to arrive…");
      this.#tellArrival();
      if (!this.#edited) this.#nextSample();
      this.sent();
    } catch (error) {
      this.#refused(error);
    } finally {
      this.#busy(false);
    }
  }

  #tellArrival() {
    const at = this.#waiting && this.#arrivals.get(this.#waiting.id);
    if (!at) return;
    const took = Math.max(1, Math.round(at - this.#waiting.started));
    this.#waiting = null;
    this.#tell(`Arrived ${took} ms after you pressed Send.`, "good");
  }

  #valid() {
    this.#clearErrors();
    const { title, url } = this.#form.elements;
    if (!title.value.trim()) return this.#fail("title", "Give it a title.");
    const web = url.checkValidity() && /^https?:/i.test(url.value.trim());
    if (url.value && !web) return this.#fail("url", "This is not a web address.");
    return true;
  }

  #fail(name, message) {
    const field = this.#form.elements[name];
    field.setAttribute("aria-invalid", "true");
    document.querySelector(`#send-${name}-error`).textContent = message;
    field.closest("details")?.setAttribute("open", "");
    field.focus();
    return false;
  }

  /** Shows a 422 at its fields: the last name of each path decides. */
  #refused(error) {
    this.#tell(error.message, "bad");
    for (const { path, message } of error.problem?.errors ?? []) {
      const name = path.split(/[.[\]]+/).filter((part) => part && !/^\d+$/.test(part)).at(-1);
      if (["title", "body", "url"].includes(name)) this.#fail(name, `${name} ${message}`);
    }
  }

  #clearErrors() {
    for (const field of this.#form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const error of this.#form.querySelectorAll(".error")) error.textContent = "";
    this.#tell("");
  }

  #changed() {
    this.#edited = true;
    this.#drawRecipe();
  }

  #nextSample() {
    this.#sample = (this.#sample + 1) % SAMPLES.length;
    this.#fill();
  }

  #fill() {
    for (const [name, value] of Object.entries(SAMPLES[this.#sample])) this.#form.elements[name].value = value;
    this.#drawRecipe();
  }

  #busy(busy) {
    this.#button.disabled = busy;
    this.#button.dataset.busy = String(busy);
    // A disabled button loses the focus; whoever pressed it may want to press it again.
    if (!busy && document.activeElement === document.body) this.#button.focus();
  }

  #tell(text, tone = "plain") {
    this.#outcome.textContent = text;
    this.#outcome.dataset.tone = tone;
  }

  #drawRecipe() {
    const { severity, ...content } = this.#content();
    const body = { to: [this.#subscriberId], content, ...(severity === "none" ? {} : { severity }) };
    const json = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
    document.querySelector("#recipe").textContent = [
      `curl ${location.origin}/api/v1/notifications \\`,
      '  -H "Authorization: ApiKey $CARILLON_KEY" \\',
      '  -H "Content-Type: application/json" \\',
      `  -d '${json}'`,
    ].join("\n");
  }

  async #copy(button) {
    try {
      await navigator.clipboard.writeText(document.querySelector("#recipe").textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select the text to copy it";
    }
    setTimeout(() => (button.textContent = "Copy"), 2_000);
  }
}
