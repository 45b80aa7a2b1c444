/** What a reader wants to know of a JSON Schema. No DOM: it runs in Node. */

const DEEPEST = 4;

function resolved(schema, document) {
  if (!schema.$ref) return schema;
  const { $ref, ...beside } = schema;
  const found = $ref.replace("#/", "").split("/").reduce((node, name) => node[name], document);
  return { ...found, ...beside };
}

function choices(schema) {
  return (schema.anyOf ?? schema.oneOf ?? []).filter((choice) => choice.type !== "null");
}

function limits(schema) {
  const parts = [];
  if (schema.minLength || schema.maxLength) parts.push(`${schema.minLength ?? 0}–${schema.maxLength ?? "∞"} characters`);
  if (schema.minimum !== undefined || schema.maximum !== undefined) parts.push(`${schema.minimum ?? "−∞"} to ${schema.maximum ?? "∞"}`);
  if (schema.maxItems) parts.push(`at most ${schema.maxItems.toLocaleString("en")}`);
  return parts.length ? ` (${parts.join(", ")})` : "";
}

/** A schema in a few words: `string (1–255 characters) or null`. */
export function words(given, document) {
  const schema = resolved(given, document);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf || schema.oneOf) {
    const parts = (schema.anyOf ?? schema.oneOf).map((choice) => (choice.type === "null" ? "null" : words(choice, document)));
    return [...new Set(parts)].join(" or ");
  }
  if (schema.type === "array") return `list of ${schema.items ? words(schema.items, document) : "anything"}${limits(schema)}`;
  if (schema.type === "object") return schema.title ?? "object";
  return `${schema.format ?? schema.type ?? "anything"}${limits(schema)}`;
}

/** One line for each field, those inside included: `[path, type, "required", meaning]`. */
export function rows(given, document, prefix = "", depth = 0) {
  const schema = resolved(given, document);
  const inner = schema.type === "array" ? schema.items : choices(schema).find((choice) => inside(choice, document));
  if (!schema.properties) return inner && depth < DEEPEST ? rows(inner, document, schema.type === "array" ? `${prefix}[]` : prefix, depth) : [];
  return Object.entries(schema.properties).flatMap(([name, field]) => {
    const path = prefix ? `${prefix}.${name}` : name;
    const required = schema.required?.includes(name) ? "required" : "";
    const line = [path, words(field, document), required, resolved(field, document).description ?? ""];
    return depth < DEEPEST ? [line, ...rows(field, document, path, depth + 1)] : [line];
  });
}

function inside(given, document) {
  const schema = resolved(given, document);
  return schema.properties || schema.type === "array";
}

/** A value to start from: the required fields, and the first choice of everything. */
export function example(given, document, depth = 0) {
  const schema = resolved(given, document);
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  const [choice] = choices(schema);
  if (choice) return example(choice, document, depth);
  if (schema.type === "array") return depth < DEEPEST && schema.items ? [example(schema.items, document, depth + 1)] : [];
  if (schema.type !== "object") return { integer: 1, number: 1, boolean: true }[schema.type] ?? sample(schema);
  const wanted = Object.entries(schema.properties ?? {}).filter(([name]) => schema.required?.includes(name));
  return Object.fromEntries(wanted.map(([name, field]) => [name, example(field, document, depth + 1)]));
}

function sample(schema) {
  return { "date-time": "2030-01-01T00:00:00Z", uuid: "00000000-0000-0000-0000-000000000000" }[schema.format] ?? "text";
}
