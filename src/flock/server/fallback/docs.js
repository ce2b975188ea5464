// The reference of the API, drawn from /openapi.json without any library, so that it works under the strictest policy.
"use strict";

const METHODS = ["get", "post", "put", "patch", "delete"];
const MAX_DEPTH = 5;

const $ = (id) => document.getElementById(id);

function element(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function table(heads, rows) {
  const head = element("tr", "", ...heads.map((text) => element("th", "", text)));
  const body = rows.map((row) => element("tr", "", ...row.map((text) => element("td", "", text))));
  return element("div", "scroll", element("table", "", element("thead", "", head), element("tbody", "", ...body)));
}

// Gives a schema in one short line, such as `array of string` or `"full" | "compact"`.
function inWords(schema, root) {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.anyOf) return schema.anyOf.map((part) => inWords(part, root)).join(" | ");
  if (schema.type === "array") return `array of ${inWords(schema.items, root) || "anything"}`;
  return [schema.type ?? "anything", schema.format && `(${schema.format})`].filter(Boolean).join(" ");
}

// Gives the shape of a schema as a value of words, to be shown as JSON.
function shape(schema, root, depth = 0) {
  if (!schema) return "anything";
  if (schema.$ref && depth < MAX_DEPTH) {
    return shape(root.components.schemas[schema.$ref.split("/").pop()], root, depth + 1);
  }
  if (schema.properties && depth < MAX_DEPTH) {
    const required = new Set(schema.required ?? []);
    return Object.fromEntries(Object.entries(schema.properties).map(([name, part]) => [
      required.has(name) ? name : `${name}?`, shape(part, root, depth + 1),
    ]));
  }
  if (schema.type === "array" && depth < MAX_DEPTH) return [shape(schema.items, root, depth + 1)];
  return inWords(schema, root);
}

function block(content, root) {
  return Object.entries(content).flatMap(([type, { schema }]) => [
    element("p", "dim", type),
    ...(type.includes("json") ? [element("pre", "", JSON.stringify(shape(schema, root), null, 2))] : []),
  ]);
}

// Gives paragraphs and tables of plain Markdown.
function prose(text) {
  return text.split("\n\n").filter(Boolean).map((part) => {
    if (!part.startsWith("|")) return element("p", "", part);
    const [heads, , ...rows] = part.split("\n").map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
    return table(heads, rows);
  });
}

function drawOperation(path, method, operation, root) {
  const summary = element("summary", "", element("span", "method", method.toUpperCase()), ` ${path}`);
  const parts = [summary, element("p", "", operation.description ?? operation.summary ?? "")];
  if (operation.parameters?.length) {
    const rows = operation.parameters.map((parameter) => [
      parameter.name + (parameter.required ? "" : "?"), parameter.in, inWords(parameter.schema, root), parameter.description ?? "",
    ]);
    parts.push(element("h3", "", "Parameters"), table(["name", "in", "type", ""], rows));
  }
  if (operation.requestBody) {
    parts.push(element("h3", "", "Body"), ...block(operation.requestBody.content, root));
  }
  parts.push(element("h3", "", "Answers"));
  for (const [status, answer] of Object.entries(operation.responses)) {
    const isSuccess = status.startsWith("2") && answer.content;
    parts.push(element("p", "", `${status}: ${answer.description}`), ...(isSuccess ? block(answer.content, root) : []));
  }
  return element("details", "operation", ...parts);
}

function draw(root) {
  const groups = new Map();
  for (const [path, methods] of Object.entries(root.paths)) {
    for (const method of METHODS.filter((name) => name in methods)) {
      const tag = methods[method].tags?.[0] ?? "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(drawOperation(path, method, methods[method], root));
    }
  }
  const about = new Map((root.tags ?? []).map((tag) => [tag.name, tag.description]));
  const sections = [...groups].map(([tag, operations]) => (
    element("section", "", element("h2", "", tag), ...prose(about.get(tag) ?? ""), ...operations)
  ));
  $("operations").replaceChildren(...sections);
  $("status").textContent = `version ${root.info.version}`;
}

async function signIn(body, headers = {}) {
  return fetch("/api/v1/session", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function load() {
  const response = await fetch("/openapi.json");
  $("sign-in").hidden = response.ok;
  if (response.ok) draw(await response.json());
  else $("status").textContent = response.status === 401 ? "sign in to read" : `the server answered ${response.status}`;
}

async function start() {
  $("sign-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    const response = await signIn({}, { authorization: `Bearer ${$("token").value}` });
    $("sign-in-result").textContent = response.ok ? "" : "This token is not valid.";
    if (response.ok) await load();
  });
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) {
    history.replaceState(null, "", location.pathname);
    await signIn({ code });
  }
  await load();
}

start();
