/** A state under construction: maps are copied once per frame, and only those that change. */

import type { ArtifactPublished } from "@/protocol/events";
import { isFinished, type Run } from "./run";
import { MAX_FINISHED_CHARS, MAX_FINISHED_RUNS, MAX_PUBLICATIONS, type State } from "./state";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export class Draft {
  state: Mutable<State>;
  private base: State;

  constructor(base: State) {
    this.base = base;
    this.state = { ...base };
  }

  /** Go on from another state than the one it began with. */
  restart(base: State): void {
    this.base = base;
    this.state = { ...base };
  }

  run(runId: string): Run | undefined {
    return this.state.live.get(runId) ?? this.state.finished.get(runId);
  }

  /** Take up a run, or what became of it, and put it where it belongs. */
  put(run: Run): void {
    if (isFinished(run)) this.finish(run);
    else {
      this.live().set(run.runId, run);
      if (this.state.streams.get(run.stream) !== run.runId) this.streams().set(run.stream, run.runId);
    }
  }

  /** Note that a snapshot has listed a run, where snapshots follow each other. */
  list(runId: string): void {
    const { listed } = this.state;
    if (listed === null) return;
    if (listed === this.base.listed) this.state.listed = new Set(listed);
    (this.state.listed as Set<string>).add(runId);
  }

  publish(publication: ArtifactPublished): void {
    if (this.state.publications === this.base.publications) {
      this.state.publications = this.base.publications.slice(1 - MAX_PUBLICATIONS);
    }
    (this.state.publications as ArtifactPublished[]).push(publication);
  }

  forget(runId: string): void {
    const run = this.run(runId);
    if (run === undefined) return;
    if (isFinished(run)) this.dropFinished(run);
    else this.dropLive(run);
  }

  private finish(run: Run): void {
    this.forget(run.runId);
    this.finished().set(run.runId, run);
    this.state.finishedChars += run.chars;
    this.trim();
  }

  private trim(): void {
    const finished = this.finished();
    for (const run of finished.values()) {
      if (finished.size <= MAX_FINISHED_RUNS) break;
      this.dropFinished(run);
    }
    for (const run of finished.values()) {
      if (this.state.finishedChars <= MAX_FINISHED_CHARS) break;
      if (run.chars === 0) continue;
      this.state.finishedChars -= run.chars;
      finished.set(run.runId, { ...run, fields: [], chars: 0, isTrimmed: true });
    }
  }

  private dropLive(run: Run): void {
    this.live().delete(run.runId);
    this.streams().delete(run.stream);
  }

  private dropFinished(run: Run): void {
    this.finished().delete(run.runId);
    this.state.finishedChars -= run.chars;
  }

  private live(): Map<string, Run> {
    return this.own("live");
  }

  private finished(): Map<string, Run> {
    return this.own("finished");
  }

  private streams(): Map<number, string> {
    if (this.state.streams === this.base.streams) this.state.streams = new Map(this.base.streams);
    return this.state.streams as Map<number, string>;
  }

  private own(part: "live" | "finished"): Map<string, Run> {
    if (this.state[part] === this.base[part]) this.state[part] = new Map(this.base[part]);
    return this.state[part] as Map<string, Run>;
  }
}
