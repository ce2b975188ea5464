/** Artifacts with their payloads, as far as they are loaded: those that are looked at are asked for, in few requests. */

import type { Row } from "@/core/board";
import type { ArtifactBody } from "@/protocol/api";
import { ApiError, api } from "@/transport/api";

/** How many artifacts are kept; those that came first go first. */
const MAX_KEPT = 20_000;

/** How long is waited for more to ask for at once. */
const GATHER_MS = 80;

const MAX_REQUESTS = 4;

type Listener = () => void;

export class Payloads {
  private readonly kept = new Map<string, ArtifactBody>();
  private readonly texts = new WeakMap<ArtifactBody, string>();
  private readonly asked = new Set<string>();
  private readonly listeners = new Set<Listener>();
  private readonly gone = new Set<string>();
  private readonly wanted = new Map<string, readonly Row[]>();
  private timer: ReturnType<typeof setTimeout> | null = null;
  private requests = 0;
  private count = 0;

  /** Goes up with everything that comes in. */
  readonly version = (): number => this.count;

  readonly subscribe = (listener: Listener): Listener => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  get(id: string): ArtifactBody | undefined {
    return this.kept.get(id);
  }

  /** Give a payload as a text to look for others in, empty while it is not loaded. */
  textOf(id: string): string {
    const artifact = this.kept.get(id);
    if (artifact === undefined) return "";
    const known = this.texts.get(artifact);
    if (known !== undefined) return known;
    const text = JSON.stringify(artifact.payload);
    this.texts.set(artifact, text);
    return text;
  }

  put(artifacts: readonly ArtifactBody[]): void {
    for (const artifact of artifacts) this.kept.set(artifact.id, artifact);
    for (const id of this.kept.keys()) {
      if (this.kept.size <= MAX_KEPT) break;
      this.kept.delete(id);
    }
    this.count += 1;
    for (const listener of this.listeners) listener();
  }

  /** Ask for these; what was wanted before for the same reason, and has not been asked for, is wanted no longer. */
  want(rows: readonly Row[], reason: "in sight" | "searched"): void {
    this.wanted.set(reason, rows);
    if (this.timer !== null || this.open().length === 0) return;
    this.timer = setTimeout(() => this.ask(), GATHER_MS);
  }

  /** Give what is wanted and neither there nor under way nor gone. */
  private open(): readonly Row[] {
    const rows = [...this.wanted.values()].flat();
    return rows.filter(({ id }) => !this.kept.has(id) && !this.asked.has(id) && !this.gone.has(id));
  }

  private ask(): void {
    this.timer = null;
    const rows = this.open();
    for (const correlation of new Set(rows.map(({ correlationId }) => correlationId))) {
      if (this.requests >= MAX_REQUESTS) return;
      const ids = new Set(rows.filter((row) => row.correlationId === correlation).map(({ id }) => id));
      this.requests += 1;
      for (const id of ids) this.asked.add(id);
      void this.load(correlation, [...ids]).then((isAnswered) => {
        this.requests -= 1;
        for (const id of ids) this.asked.delete(id);
        if (isAnswered) this.ask();
      });
    }
  }

  /** Several of one correlation come in one request, as far as they are among its latest. */
  private async load(correlation: string, ids: readonly string[]): Promise<boolean> {
    try {
      if (ids.length > 1) {
        this.put((await api.artifacts({ correlation_id: correlation, order: "newest", limit: 200 })).items);
      }
      for (const id of ids) if (!this.kept.has(id)) await this.loadOne(id);
      return true;
    } catch {
      return false;
    }
  }

  private async loadOne(id: string): Promise<void> {
    try {
      this.put([await api.artifact(id)]);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error;
      this.gone.add(id);
    }
  }
}
