/** Figures of the process and of its agents, from what is measured once a second and from the runs. */

import type { Metrics } from "@/protocol/events";
import { grouped } from "./grouped";
import { type Run, timeToFirstToken } from "./run";

/** How long one run took until it first said something. */
export interface Wait {
  readonly runId: string;
  readonly agent: string;
  readonly seconds: number;
}

export interface AgentWaits {
  readonly agent: string;
  readonly runs: number;
  readonly p50: number;
  readonly p95: number;
}

export function waitsOf(runs: Iterable<Run>): Wait[] {
  const waits: Wait[] = [];
  for (const run of runs) {
    const seconds = timeToFirstToken(run);
    if (seconds !== null) waits.push({ runId: run.runId, agent: run.agent, seconds });
  }
  return waits;
}

export function sameWaits(one: readonly Wait[], other: readonly Wait[]): boolean {
  return one.length === other.length && one.every(({ runId }, index) => runId === other[index]?.runId);
}

/** Give each agent's times to the first token, those who take longest first. */
export function waitsByAgent(waits: readonly Wait[]): AgentWaits[] {
  const agents = [...grouped(waits, ({ agent }) => agent)].map(([agent, own]) => {
    const sorted = own.map(({ seconds }) => seconds).sort((one, other) => one - other);
    return { agent, runs: own.length, p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95) };
  });
  return agents.sort((one, other) => other.p95 - one.p95);
}

/** Give the value that a share of all values does not exceed; `sorted` from the least to the greatest. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

export interface Extent {
  readonly current: number;
  readonly min: number;
  readonly max: number;
}

export function extentOf(values: readonly number[]): Extent {
  const extent = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  for (const value of values) {
    extent.min = Math.min(extent.min, value);
    extent.max = Math.max(extent.max, value);
  }
  const current = values.at(-1);
  return current === undefined ? { current: 0, min: 0, max: 0 } : { current, ...extent };
}

/** Give the last measurement of each minute, the latest minute first. */
export function byMinute(metrics: readonly Metrics[]): Metrics[] {
  const minutes = grouped(metrics, ({ timestamp }) => Math.floor(timestamp / 60));
  return [...minutes.values()].flatMap((minute) => minute.slice(-1)).reverse();
}

/** Give an amount of memory in the unit that fits it: `512 B`, `1.4 MiB`. */
export function bytes(value: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  const amount = value / 1024 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${units[power]}`;
}
