/** Reads the OpenAPI document of the server that sent this page, draws it, and lets every operation be tried. */

import { example, rows, words } from "./docs.schema.js";

const METHODS = ["get", "post", "put", "patch", "delete"];
const CREDENTIALS = ["api-key", "bearer"];

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** What was typed stays for the tab, and goes with it. */
function keepCredentials() {
  for (const id of CREDENTIALS) {
    const field = document.querySelector(`#${id}`);
    field.value = sessionStorage.getItem(`carillon.docs.${id}`) ?? "";
    field.addEventListener("input", () => sessionStorage.setItem(`carillon.docs.${id}`, field.value.trim()));
  }
  document.querySelector("#credentials").addEventListener("submit", (event) => event.preventDefault());
}

function authorization(operation) {
  const [key, bearer] = CREDENTIALS.map((id) => document.querySelector(`#${id}`).value.trim());
  const wants = (name) => operation.security.some((way) => name in way);
  if (wants("ApiKey") && key) return `ApiKey ${key}`;
  return wants("Bearer") && bearer ? `Bearer ${bearer}` : null;
}

function table(head, lines) {
  const row = (cells, tag) => element("tr", {}, ...cells.map((cell) => element(tag, {}, cell)));
  return element("table", {}, row(head, "th"), ...lines.map((line) => row(line, "td")));
}

function schemaTable(schema, document) {
  const lines = rows(schema, document).map((line) => line.map(plain));
  return table(["Field", "Type", "", "Meaning"], lines);
}

function parameterTable(parameters, document) {
  const line = (one) => [one.name, one.in, words(one.schema, document), one.description ?? ""];
  return table(["Name", "In", "Type", "Meaning"], parameters.map(line));
}

function plain(text) {
  return text.replaceAll("`", "");
}

function drawAnswers(operation, document) {
  const answers = Object.entries(operation.responses);
  const good = answers.filter(([status]) => Number(status) < 300);
  const problems = answers.filter(([status]) => !(Number(status) < 300));
  const drawn = good.flatMap(([status, answer]) => {
    const schema = Object.values(answer.content ?? {})[0]?.schema;
    const head = element("h3", {}, `${status} · ${plain(answer.description)}`);
    return schema ? [head, schemaTable(schema, document)] : [head];
  });
  const lines = problems.map(([status, answer]) => [status, plain(answer.description)]);
  return [...drawn, element("h3", {}, "Problems"), table(["Status", "Codes"], lines)];
}

class Trial {
  #fields = new Map();
  #path;
  #method;
  #operation;
  #body = null;
  #button = element("button", { type: "submit" }, "Send");
  #outcome = element("p", { className: "outcome" });
  #answer = element("pre", { hidden: true, tabIndex: 0 });

  constructor(path, method, operation, document) {
    [this.#path, this.#method, this.#operation] = [path, method, operation];
    const content = operation.requestBody?.content["application/json"];
    if (!content) return;
    const value = JSON.stringify(content.example ?? example(content.schema, document), null, 2);
    this.#body = element("textarea", { value, spellcheck: false });
  }

  draw() {
    const labels = (this.#operation.parameters ?? []).map((parameter) => {
      const field = element("input", { required: parameter.required, placeholder: parameter.in });
      this.#fields.set(parameter, field);
      return element("label", {}, parameter.name, field);
    });
    const form = element("form", {}, ...labels);
    if (this.#body) form.append(element("label", { className: "wide" }, "Body", this.#body));
    form.append(this.#button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    return [element("h3", {}, "Try it"), form, this.#outcome, this.#answer];
  }

  #request() {
    const headers = {};
    const query = new URLSearchParams();
    let path = this.#path;
    for (const [{ name, in: place }, { value }] of this.#fields) {
      if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
      else if (value && place === "query") query.set(name, value);
      else if (value) headers[name] = value;
    }
    const credential = authorization(this.#operation);
    if (credential) headers.Authorization = credential;
    if (this.#body) headers["Content-Type"] = "application/json";
    const url = query.size ? `${path}?${query}` : path;
    return [url, { method: this.#method.toUpperCase(), headers, body: this.#body?.value, credentials: "omit", cache: "no-store" }];
  }

  async #send() {
    const started = performance.now();
    this.#button.disabled = true;
    try {
      const response = await fetch(...this.#request());
      const text = await response.text();
      this.#tell(`${response.status} ${response.statusText} · ${Math.round(performance.now() - started)} ms`, response.ok);
      this.#show(text);
    } catch {
      this.#tell("The server did not answer.", false);
    } finally {
      this.#button.disabled = false;
    }
  }

  #tell(words, good) {
    this.#outcome.textContent = words;
    this.#outcome.dataset.good = String(good);
  }

  #show(text) {
    this.#answer.hidden = text === "";
    try {
      this.#answer.textContent = JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      this.#answer.textContent = text;
    }
  }
}

function isStream(operation) {
  return Object.values(operation.responses).some((answer) => "text/event-stream" in (answer.content ?? {}));
}

function drawOperation(path, method, operation, document) {
  const scopes = operation.security.flatMap((way) => Object.entries(way).map(([name, held]) => [name, ...held].join(" ")));
  const inside = element("div", { className: "inside" }, element("p", {}, plain(operation.description)));
  if (scopes.length) inside.append(element("p", {}, `Needs ${scopes.join(", or ")}.`));
  if (operation.parameters?.length) inside.append(element("h3", {}, "Parameters"), parameterTable(operation.parameters, document));
  const body = operation.requestBody?.content["application/json"].schema;
  if (body) inside.append(element("h3", {}, "Body"), schemaTable(body, document));
  inside.append(...drawAnswers(operation, document));
  if (!isStream(operation)) inside.append(...new Trial(path, method, operation, document).draw());
  const head = [element("b", { className: "method" }, method.toUpperCase()), element("code", {}, path), element("span", {}, operation.summary)];
  return element("details", { id: operation.operationId }, element("summary", {}, ...head), inside);
}

function draw(document_) {
  document.title = `API · ${document_.info.title}`;
  document.querySelector("#title").textContent = document_.info.title;
  document.querySelector("#version").textContent = `Version ${document_.info.version}`;
  document.querySelector("#description").textContent = plain(document_.info.description);
  const operations = Object.entries(document_.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => ({ path, method, operation: item[method] })),
  );
  for (const tag of document_.tags) {
    const id = `module-${tag.name}`;
    document.querySelector("#contents").append(element("a", { href: `#${id}` }, tag.name));
    const drawn = operations
      .filter(({ operation }) => operation.tags.includes(tag.name))
      .map(({ path, method, operation }) => drawOperation(path, method, operation, document_));
    document.querySelector("#operations").append(
      element("section", { id }, element("h2", {}, tag.name), element("p", {}, tag.description), ...drawn),
    );
  }
}

keepCredentials();
const response = await fetch("/openapi.json", { credentials: "omit" });
draw(await response.json());
