// The plain page: every stream side by side, from the compact WebSocket. Whatever a model says stays a text node.
"use strict";

const MAX_FINISHED = 60;
const MAX_FINISHED_CHARS = 8 * 2 ** 20;
const MAX_BACKOFF_MS = 10_000;
const NO_RECONNECT = new Map([
  [1002, "the server did not understand the connection"],
  [4400, "the server did not understand this page"],
  [4401, "sign in to watch"],
  [4403, "this address is not allowed to watch"],
  [4406, "this token may not watch"],
  [4413, "the server refused a message"],
]);
const BIDI_CONTROLS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const WORDS = { timed_out: "timed out" };

const $ = (id) => document.getElementById(id);

// Gives text from outside with its bidirectional controls written out: they would show it in another order.
function visible(text) {
  return text.replace(BIDI_CONTROLS, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = visible(text);
  return node;
}

// Gives a field's name as it stands in a pointer (RFC 6901).
function escaped(name) {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

// One run: its facts, and its pane in the grid.
class Run {
  constructor(facts) {
    this.id = facts.run_id;
    this.stream = facts.stream;
    this.artifacts = facts.artifacts;
    this.state = "queued";
    this.attempt = 1;
    this.next = 0;
    this.reason = "";
    this.fields = new Map();
    this.chars = 0;
    this.sticks = true;
    this.changed = true;
    this.build(facts);
  }

  get isFinished() {
    return this.state !== "queued" && this.state !== "running";
  }

  build(facts) {
    this.pane = element("article", "pane");
    const header = element("header");
    header.append(element("h2", "", facts.agent_name));
    header.append(element("span", "dim", facts.artifacts.map((slot) => slot.type).join(", ")));
    if (facts.simulated) header.append(element("span", "simulated", "simulated"));
    this.attemptLabel = element("span", "dim");
    this.stateLabel = element("span", "state");
    header.append(this.attemptLabel, this.stateLabel);
    this.body = element("div", "body");
    this.body.tabIndex = 0;
    this.body.setAttribute("role", "region");
    this.body.setAttribute("aria-label", visible(`Output of ${facts.agent_name}`));
    this.body.addEventListener("scroll", () => {
      this.sticks = this.body.scrollTop + this.body.clientHeight >= this.body.scrollHeight - 24;
    }, { passive: true });
    this.reasonLine = element("p", "reason");
    this.pane.append(header, this.body, this.reasonLine);
  }

  write(place, text) {
    const key = JSON.stringify([place.outputType, place.field, place.step, place.artifactId]);
    let field = this.fields.get(key);
    if (!field) {
      field = { place, chars: 0, section: element("section", `${place.outputType} ${place.kind}`), pending: "", node: document.createTextNode("") };
      const label = place.outputType === "llm_token" ? place.field ?? "" : [place.outputType.replace("_", " "), place.field].filter(Boolean).join(": ");
      const paragraph = element("p", "words");
      paragraph.dir = "auto";
      paragraph.append(field.node);
      field.section.append(element("div", "label", label), paragraph);
      this.fields.set(key, field);
      this.body.append(field.section);
    }
    const shown = visible(text);
    field.pending += shown;
    field.chars += shown.length;
    this.chars += shown.length;
    this.changed = true;
    return field;
  }

  // Shows the value a field has in the end, in the place of what was streamed of it.
  correct({ artifact_id: artifactId, field: name, value }) {
    const pointer = escaped(name);
    const streamed = [...this.fields].filter(([, { place }]) => (
      place.outputType === "llm_token" && place.artifactId === artifactId
      && (place.field === pointer || place.field?.startsWith(`${pointer}/`))
    ));
    const before = streamed[0]?.[1].section.previousSibling;
    for (const [key, field] of streamed) {
      this.fields.delete(key);
      this.chars -= field.chars;
      field.section.remove();
    }
    const isText = typeof value === "string";
    const place = { field: pointer, outputType: "llm_token", kind: isText ? "text" : "json", step: 1, artifactId };
    const { section } = this.write(place, isText ? value : JSON.stringify(value, null, 2));
    if (before === null) this.body.prepend(section);
    else before?.after(section);
  }

  // Takes over how the run ended: where a field's text is not its value, the value is in the outcome.
  end(outcome) {
    for (const field of outcome.fields) if (!field.matches) this.correct(field);
    const fallback = outcome.status === "completed" ? "" : this.reason;
    this.setState(outcome.status, outcome.error?.message ?? fallback);
  }

  clear() {
    this.fields.clear();
    this.chars = 0;
    this.body.replaceChildren();
  }

  setState(state, reason) {
    this.state = state;
    this.reason = reason ?? "";
    this.changed = true;
  }

  draw() {
    this.changed = false;
    this.pane.className = `pane ${this.state}`;
    this.stateLabel.textContent = WORDS[this.state] ?? this.state;
    this.attemptLabel.textContent = this.attempt > 1 ? `attempt ${this.attempt}` : "";
    this.reasonLine.textContent = visible(this.reason);
    this.reasonLine.hidden = !this.reason;
    for (const field of this.fields.values()) {
      if (field.pending) field.node.appendData(field.pending);
      field.pending = "";
    }
  }
}

// All runs that are shown. Changes are drawn once per animation frame.
class Board {
  constructor(grid) {
    this.grid = grid;
    this.runs = new Map();
    this.streams = new Map();
    this.dirty = new Set();
    this.isScheduled = false;
    this.rate = "";
  }

  reset() {
    this.runs.clear();
    this.streams.clear();
    this.dirty.clear();
    this.grid.replaceChildren();
    this.schedule();
  }

  add(facts) {
    const run = new Run(facts);
    const former = this.runs.get(run.id);
    if (former) this.remove(former);
    this.runs.set(run.id, run);
    this.streams.set(run.stream, run);
    this.grid.append(run.pane);
    this.touch(run);
    this.forget();
    return run;
  }

  remove(run) {
    this.runs.delete(run.id);
    this.streams.delete(run.stream);
    this.dirty.delete(run);
    run.pane.remove();
  }

  touch(run) {
    this.dirty.add(run);
    this.schedule();
  }

  schedule() {
    if (this.isScheduled) return;
    this.isScheduled = true;
    requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.isScheduled = false;
    for (const run of this.dirty) run.draw();
    for (const run of this.dirty) if (run.sticks) run.body.scrollTop = run.body.scrollHeight;
    this.dirty.clear();
    const all = [...this.runs.values()];
    const running = all.filter((run) => run.state === "running").length;
    const waiting = all.filter((run) => run.state === "queued").length;
    $("counts").textContent = `${running} running, ${waiting} waiting, ${all.length - running - waiting} finished${this.rate}`;
    $("empty").hidden = all.length > 0;
  }

  // Keeps so many finished runs and so much of their text, in tabs nobody looks at, too: those are never drawn.
  forget() {
    const finished = [...this.runs.values()].filter((run) => run.isFinished);
    let count = finished.length;
    let chars = finished.reduce((sum, run) => sum + run.chars, 0);
    for (const run of finished) {
      if (count <= MAX_FINISHED && chars <= MAX_FINISHED_CHARS) return;
      count -= 1;
      chars -= run.chars;
      this.remove(run);
    }
  }

  // Gives false where the page cannot follow any more and has to start over.
  take(event) {
    if (Array.isArray(event)) return this.takeDelta(event);
    const run = this.runs.get(event.run_id);
    switch (event.type) {
      case "stream_started":
        this.add(event);
        return true;
      case "snapshot":
        this.takeSnapshot(event);
        return true;
      case "metrics":
        this.rate = `, ${Math.round(event.tokens_per_s)} tokens/s`;
        this.schedule();
        return true;
      case "gap":
        this.reset();
        return true;
    }
    if (run) {
      this.takeRunEvent(run, event);
      this.touch(run);
      if (run.isFinished) this.forget();
    }
    return true;
  }

  takeRunEvent(run, event) {
    switch (event.type) {
      case "agent_queued":
        run.setState("queued", event.reason);
        break;
      case "agent_activated":
        run.setState("running");
        break;
      case "stream_decision":
        if (event.decision !== "stream") run.setState(run.state, `Shown whole at the end: ${event.reason}.`);
        break;
      case "attempt_started":
        run.attempt = event.attempt;
        run.clear();
        run.setState(run.state, `Attempt ${event.attempt}: ${event.reason}`);
        break;
      case "agent_failed":
        run.setState(run.state, event.error.message);
        break;
      case "agent_cancelled":
        run.setState(run.state, event.reason);
        break;
      case "streaming_output":
        run.end(event.outcome);
        break;
    }
  }

  takeDelta([stream, place, sequence, count, text]) {
    const run = this.streams.get(stream);
    if (!run || sequence !== run.next) return false;
    run.next = sequence + count;
    const [field, outputType, kind, step, artifact] = typeof place === "string" ? [place, "llm_token", "text", 1, 0] : place;
    const artifactId = artifact === null ? null : run.artifacts[artifact]?.artifact_id ?? null;
    run.write({ field, outputType, kind, step, artifactId }, text);
    this.touch(run);
    return true;
  }

  takeSnapshot(event) {
    const run = this.add(event);
    run.attempt = event.attempt;
    run.next = event.next_sequence;
    const isLive = event.state === "running" && event.decision === "stream";
    const isHeld = event.state === "running" && !isLive;
    run.setState(event.state, isHeld ? `Shown whole at the end: ${event.reason}.` : isLive ? "" : event.reason);
    for (const field of event.fields) {
      const place = { field: field.field, outputType: field.output_type, kind: field.kind, step: field.step, artifactId: field.artifact_id };
      run.write(place, field.text);
    }
    if (event.outcome) run.end(event.outcome);
    this.forget();
  }
}

// The socket: resumes with the cursor of the last frame, with a growing pause between attempts.
class Live {
  constructor(board) {
    this.board = board;
    this.cursor = null;
    this.failures = 0;
    this.socket = null;
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const cursor = this.cursor === null ? "" : `&cursor=${encodeURIComponent(this.cursor)}`;
    if (this.cursor === null) this.board.reset();
    const socket = this.socket = new WebSocket(`${scheme}://${location.host}/ws?format=compact${cursor}`);
    socket.addEventListener("message", (message) => {
      if (socket === this.socket) this.takeFrame(JSON.parse(message.data));
    });
    socket.addEventListener("close", (close) => {
      if (socket === this.socket) this.reconnect(close.code);
    });
  }

  takeFrame(frame) {
    this.failures = 0;
    $("connection").textContent = "live";
    for (const event of frame.events) {
      if (!this.board.take(event)) {
        this.startOver();
        return;
      }
    }
    this.cursor = frame.cursor;
  }

  startOver() {
    this.cursor = null;
    const socket = this.socket;
    this.socket = null;
    socket.close();
    this.retryLater();
  }

  reconnect(code) {
    const refusal = NO_RECONNECT.get(code);
    if (refusal) {
      $("connection").textContent = refusal;
      if (code === 4401) {
        $("sign-in").hidden = false;
        $("publishing").hidden = true;
      }
      return;
    }
    this.retryLater();
  }

  retryLater() {
    const pause = Math.min(MAX_BACKOFF_MS, 250 * 2 ** this.failures) * (0.5 + Math.random() / 2);
    this.failures = Math.min(this.failures + 1, 10);
    $("connection").textContent = "reconnecting";
    setTimeout(() => this.connect(), pause);
  }
}

async function errorText(response) {
  try {
    const { error } = await response.json();
    return visible(error.hint ? `${error.message} ${error.hint}` : error.message);
  } catch {
    return `The server answered ${response.status}.`;
  }
}

// Gives why somebody could not sign in, nothing where they could.
async function refusalText(response) {
  if (response.ok) return "";
  if (response.status !== 401) return errorText(response);
  return "This is not the token of this server. Copy it whole from where the server was started, or from its log.";
}

// Gives whether the one-time code of the address, or the token, was taken for a session.
async function signIn(body, headers = {}) {
  return fetch("/api/v1/session", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function useCode() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code === null) return;
  history.replaceState(null, "", location.pathname);
  await signIn({ code });
}

function example(schema, root = schema, depth = 0) {
  if (!schema || depth > 4) return null;
  if (schema.$ref) return example(root.$defs?.[schema.$ref.split("/").pop()], root, depth + 1);
  if ("default" in schema) return schema.default;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return example(schema.anyOf[0], root, depth + 1);
  switch (schema.type) {
    case "object":
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([name, part]) => [name, example(part, root, depth + 1)]));
    case "array": return [];
    case "string": return "";
    case "integer":
    case "number": return 0;
    case "boolean": return false;
    default: return null;
  }
}

function showTypes(items) {
  const select = $("type");
  select.replaceChildren(...items.map((item) => new Option(visible(item.name), item.name)));
  const show = () => {
    const item = items.find((candidate) => candidate.name === select.value);
    if (item) $("payload").value = visible(JSON.stringify(example(item.schema), null, 2));
  };
  select.onchange = show;
  show();
}

async function publish() {
  const result = $("publish-result");
  let payload;
  try {
    payload = JSON.parse($("payload").value);
  } catch (error) {
    result.textContent = visible(`The payload is not JSON: ${error.message}`);
    return;
  }
  const response = await fetch("/api/v1/artifacts", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ type: $("type").value, payload }),
  });
  result.textContent = response.ok ? `Published as ${(await response.json()).id}.` : await errorText(response);
}

// Watches if the server lets this browser in, and asks for the token if not.
async function enter(live) {
  const response = await fetch("/api/v1/types");
  $("sign-in").hidden = response.status !== 401;
  $("publishing").hidden = !response.ok;
  if (response.status === 401) {
    $("connection").textContent = NO_RECONNECT.get(4401);
    return;
  }
  if (response.ok) showTypes((await response.json()).items);
  live.connect();
}

async function start() {
  const live = new Live(new Board($("streams")));
  $("publish").addEventListener("submit", (event) => {
    event.preventDefault();
    publish();
  });
  $("sign-in").addEventListener("submit", async (event) => {
    event.preventDefault();
    const response = await signIn({}, { authorization: `Bearer ${$("token").value}` });
    $("sign-in-result").textContent = await refusalText(response);
    if (!response.ok) return;
    $("token").value = "";
    await enter(live);
  });
  await useCode();
  await enter(live);
}

start();
