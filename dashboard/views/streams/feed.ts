/** Tells the parts of one pane what has grown: one subscription per pane, and nobody is told what is not theirs. */

import type { FieldText, Run } from "@/core/run";
import { runOf } from "@/core/state";
import type { Store } from "@/store";

export type FieldListener = (field: FieldText, run: Run) => void;

export class Feed {
  private readonly store: Store;
  readonly runId: string;
  private readonly listeners = new Map<string, Set<FieldListener>>();
  private readonly beats = new Set<() => void>();
  private last: Run["fields"] = [];

  constructor(store: Store, runId: string) {
    this.store = store;
    this.runId = runId;
  }

  /** Pass on what comes, until the function it gives is called. */
  start(): () => void {
    const tell = () => this.tell();
    tell();
    return this.store.subscribeRun(this.runId, tell);
  }

  run(): Run | undefined {
    return runOf(this.store.state(), this.runId);
  }

  field(key: string): FieldText | undefined {
    return this.run()?.fields.find((field) => field.key === key);
  }

  /** Call a listener whenever a field's text is another. */
  watch(key: string, listener: FieldListener): () => void {
    const listeners = this.listeners.get(key) ?? new Set();
    this.listeners.set(key, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Call a listener after each beat that brought text. */
  watchAll(listener: () => void): () => void {
    this.beats.add(listener);
    return () => this.beats.delete(listener);
  }

  private tell(): void {
    const run = this.run();
    if (run === undefined || run.fields === this.last) return;
    const before = this.last;
    this.last = run.fields;
    for (const [place, field] of run.fields.entries()) {
      if (field === before[place]) continue;
      for (const listener of this.listeners.get(field.key) ?? []) listener(field, run);
    }
    for (const listener of this.beats) listener();
  }
}
