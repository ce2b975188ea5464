/** A small server as the contract describes it: a journal, merged reads, resuming, and snapshots after a gap. */

import type {
  CompactDelta,
  Frame,
  Snapshot,
  StreamingOutputEvent,
  StreamState,
  WireEvent,
} from "@/protocol/events";
import * as make from "./events";

/** What may happen to a run. Words of runs that cannot do so now are ignored. */
export type Happening =
  | { readonly do: "start" }
  | { readonly do: "metrics" }
  | { readonly do: "activate" | "attempt" | "fail" | "complete" | "correct"; readonly run: number }
  | { readonly do: "write"; readonly run: number; readonly field: number; readonly text: string };

/** The places text may go to: compact form, and what it stands for. */
const PLACES: readonly (readonly [CompactDelta[1], Partial<StreamingOutputEvent>])[] = [
  ["text", { field: "text" }],
  ["title", { field: "title" }],
  [["text", "reasoning", "text", 1, null], { field: "text", output_type: "reasoning", artifact_id: null }],
  [["items/0", "llm_token", "json", 2, 1], { field: "items/0", kind: "json", step: 2 }],
];

interface Entry {
  readonly event: WireEvent;
  readonly stream: number | null;
  readonly place: CompactDelta[1] | null;
}

interface Known {
  readonly name: string;
  readonly stream: number;
  state: StreamState;
  attempt: number;
  next: number;
}

export class ModelServer {
  readonly entries: Entry[] = [];
  private readonly runs: Known[] = [];

  get head(): number {
    return this.entries.length;
  }

  happen(happening: Happening): void {
    if (happening.do === "start") this.start();
    else if (happening.do === "metrics") this.push(make.metrics(this.head), null);
    else this.go(happening);
  }

  /** Give the events between two offsets, each as the event that stands for itself. */
  events(from: number, to: number): WireEvent[] {
    return this.entries.slice(from, to).map(({ event }) => event);
  }

  /** Give a frame of the range, deltas merged as the contract allows it. */
  read(from: number, to: number, format: "full" | "compact", merges: boolean): Frame {
    const items: Entry[] = [];
    const open = new Map<number, number>();
    for (const entry of this.entries.slice(from, to)) {
      const at = entry.stream === null ? undefined : open.get(entry.stream);
      const first = at === undefined ? undefined : items[at];
      if (
        merges &&
        at !== undefined &&
        first?.place === entry.place &&
        isDelta(first.event) &&
        isDelta(entry.event)
      ) {
        const { content, count } = entry.event;
        const event = {
          ...first.event,
          content: first.event.content + content,
          count: first.event.count + count,
        };
        items[at] = { ...first, event };
        continue;
      }
      if (entry.stream !== null) {
        if (entry.place === null) open.delete(entry.stream);
        else open.set(entry.stream, items.length);
      }
      items.push(entry);
    }
    return make.frame(to, ...items.map((entry) => (format === "full" ? entry.event : compact(entry))));
  }

  /** Give the frames of a viewer that cannot go on, with a gap if it had a cursor: snapshots of all but old runs. */
  opening(hasGap: boolean, frames: number, recent: number): Frame[] {
    const cursor = `${make.EPOCH}-${this.head}`;
    const finished = this.runs.filter(({ state }) => isOver(state));
    const live = this.runs.filter(({ state }) => !isOver(state));
    const events: WireEvent[] = [make.hello(cursor), ...(hasGap ? [make.gap(cursor)] : [])];
    events.push(
      ...[...finished.slice(Math.max(0, finished.length - recent)), ...live].map((run) => this.snapshot(run)),
    );
    const size = Math.ceil(events.length / frames);
    const parts = Array.from({ length: frames }, (_, part) => events.slice(part * size, (part + 1) * size));
    return parts.map((part, number) =>
      number === frames - 1 ? make.frame(this.head, ...part) : make.partial(...part),
    );
  }

  private start(): void {
    const run = {
      name: `run-${this.runs.length}`,
      stream: this.runs.length + 1,
      state: "queued",
      attempt: 1,
      next: 0,
    } as const;
    this.runs.push({ ...run });
    this.push(make.started(run.name, run.stream), run.stream);
  }

  private go(happening: Exclude<Happening, { do: "start" | "metrics" }>): void {
    const run = this.runs[happening.run % Math.max(1, this.runs.length)];
    if (run === undefined || isOver(run.state)) return;
    if (happening.do === "activate" && run.state === "queued") this.activate(run);
    if (run.state !== "running") return;
    if (happening.do === "write") this.write(run, happening.field, happening.text);
    else if (happening.do === "attempt") {
      run.attempt += 1;
      this.push(make.attempt(run.name, run.attempt), run.stream);
    } else if (happening.do !== "activate") this.end(run, happening.do);
  }

  private activate(run: Known): void {
    run.state = "running";
    const decided = {
      type: "stream_decision",
      mode: "dashboard",
      active_streams: 1,
      decision: "stream",
    } as const;
    this.push(make.activated(run.name), run.stream);
    this.push(
      { ...decided, ...make.ids(run.name), reason: "all streams are shown in dashboard mode" },
      run.stream,
    );
  }

  private write(run: Known, field: number, content: string): void {
    const [place, channel] = PLACES[field % PLACES.length] ?? ["text", {}];
    const artifact = `${run.name}-${Array.isArray(place) ? "second" : "first"}`;
    const event: StreamingOutputEvent = {
      type: "streaming_output",
      ...make.ids(run.name),
      output_type: "llm_token",
      content,
      sequence: run.next,
      is_final: false,
      attempt: run.attempt,
      step: 1,
      kind: "text",
      count: 1,
      artifact_id: artifact,
      field: null,
      ...channel,
    };
    run.next += 1;
    this.entries.push({ event, stream: run.stream, place });
  }

  private end(run: Known, how: "fail" | "complete" | "correct"): void {
    const error = { code: "model", message: "the model is on strike" };
    if (how === "fail") this.push({ type: "agent_failed", ...make.ids(run.name), error }, run.stream);
    run.state = how === "fail" ? "failed" : "completed";
    const value = {
      artifact_id: `${run.name}-first`,
      field: "text",
      sha256: "",
      matches: false,
      value: "corrected",
    };
    const fields = how === "correct" ? [value] : [];
    this.push(
      make.final(run.name, { status: run.state, error: how === "fail" ? error : null, fields }),
      run.stream,
    );
  }

  /** Made from the journal, not by the reducer: what it says is to be judged. */
  private snapshot(run: Known): Snapshot {
    const all = this.entries.filter(({ stream }) => stream === run.stream).map(({ event }) => event);
    const texts = new Map<string, Snapshot["fields"][number]>();
    for (const event of all) {
      if (!isDelta(event) || event.attempt !== run.attempt) continue;
      const { output_type, field, kind, step, artifact_id, content } = event;
      const key = JSON.stringify([output_type, field, step, artifact_id]);
      texts.set(key, {
        output_type,
        field,
        kind,
        step,
        artifact_id,
        text: (texts.get(key)?.text ?? "") + content,
      });
    }
    const last = all.at(-1);
    return make.snapshot(run.name, run.stream, {
      state: run.state,
      decision: run.state === "queued" ? null : "stream",
      reason: run.state === "queued" ? null : "all streams are shown in dashboard mode",
      attempt: run.attempt,
      next_sequence: run.next,
      activated_at: run.state === "queued" ? null : 1_000,
      ended_at: isOver(run.state) ? 1_009 : null,
      fields: [...texts.values()],
      outcome: (last?.type === "streaming_output" ? last.outcome : undefined) ?? null,
    });
  }

  private push(event: WireEvent, stream: number | null): void {
    this.entries.push({ event, stream, place: null });
  }
}

function isOver(state: StreamState): boolean {
  return state !== "queued" && state !== "running";
}

function isDelta(event: WireEvent): event is StreamingOutputEvent {
  return event.type === "streaming_output" && !event.is_final;
}

function compact({ event, stream, place }: Entry): WireEvent | CompactDelta {
  if (!isDelta(event) || stream === null || place === null) return event;
  return [stream, place, event.sequence, event.count, event.content];
}
