/** Artifacts with their payloads, as far as they are loaded: those that are looked at are asked for, in few requests. */

import type { Row } from "@/core/board";
import type { ArtifactBody } from "@/protocol/api";
import { api } from "@/transport/api";

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
  private wanted: readonly Row[] = [];
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

  /** Ask for these, and no longer for what was wanted before and has not been asked for. */
  want(rows: readonly Row[]): void {
    this.wanted = rows.filter(({ id }) => !this.kept.has(id) && !this.asked.has(id));
    if (this.wanted.length === 0 || this.timer !== null) return;
    this.timer = setTimeout(() => this.ask(), GATHER_MS);
  }

  private ask(): void {
    this.timer = null;
    for (const correlation of new Set(this.wanted.map(({ correlationId }) => correlationId))) {
      if (this.requests >= MAX_REQUESTS) return;
      const ids = this.wanted.filter((row) => row.correlationId === correlation).map(({ id }) => id);
      for (const id of ids) this.asked.add(id);
      this.wanted = this.wanted.filter(({ id }) => !this.asked.has(id));
      this.requests += 1;
      void this.load(correlation, ids).finally(() => {
        this.requests -= 1;
        this.ask();
      });
    }
  }

  private async load(correlation: string, ids: readonly string[]): Promise<void> {
    const [only] = ids;
    try {
      if (ids.length === 1 && only !== undefined) this.put([await api.artifact(only)]);
      else
        this.put((await api.artifacts({ correlation_id: correlation, order: "newest", limit: 200 })).items);
    } catch {
      return;
    }
    const missing = ids.filter((id) => !this.kept.has(id));
    for (const id of missing)
      this.put(
        await api.artifact(id).then(
          (artifact) => [artifact],
          () => [],
        ),
      );
  }
}
