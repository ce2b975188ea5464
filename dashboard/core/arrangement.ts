/** Which pane stands where. Calm comes first: who reads a pane should not have to look for it.
 *
 * A pane that is seated stays in its seat, also when its run ends. Only a run that has none yet, or that begins to
 * work further down, takes a seat: that of an ended run of the same agent, so that an agent stays where one saw it
 * last, else that of the run that ended first, else a new one at the end. Nothing moves because something ends.
 */

import { mostAtOnce } from "./at_once";
import { takesRun } from "./filter";
import type { Filter } from "./route";
import { isFinished, type Run } from "./run";
import { runOf, type State } from "./state";

/** How long the grid stays as large as the most runs at once needed, or had needed before somebody looked. */
const PEAK_SPAN_S = 30;

/** Fewer seats than this are not worth it while there is something to show in them. */
const MIN_SEATS = 4;

/** Seats where nothing runs, if not more ran at once in the end. */
const IDLE_SEATS = 8;

export interface Arrangement {
  /** Ids of all runs to show: pinned ones, seated ones, then those further down. */
  readonly order: readonly string[];
  /** How many of the first ones should fit into the window. */
  readonly seats: number;
}

const NOBODY: Arrangement = { order: [], seats: 1 };

interface Facts {
  readonly filter: Filter;
  readonly pins: readonly string[];
  readonly running: readonly string[];
  readonly waiting: readonly string[];
  readonly finished: State["finished"];
}

/** Keeps the seats of one view from beat to beat. */
export class Seating {
  private facts: Facts | null = null;
  private seated: readonly string[] = [];
  private peaks: readonly { readonly at: number; readonly count: number }[] = [];
  private idleSeats = IDLE_SEATS;
  private taken = new WeakMap<Run, boolean>();
  private given = NOBODY;

  /** Give who stands where, the same object while that has not changed; `now` is in seconds. */
  arrange(state: State, filter: Filter, pins: readonly string[], now: number): Arrangement {
    if (this.facts !== null && !sameFilter(this.facts.filter, filter)) {
      this.facts = null;
      this.taken = new WeakMap();
      this.seated = [];
      this.peaks = [];
      this.given = NOBODY;
    }
    const live = [...state.live.values()].filter((run) => takesRun(filter, run));
    const facts = {
      filter,
      pins,
      running: live.filter((run) => run.state === "running").map((run) => run.runId),
      waiting: live.filter((run) => run.state !== "running").map((run) => run.runId),
      finished: state.finished,
    };
    if (this.facts === null || !sameFacts(this.facts, facts)) this.given = this.rearrange(state, facts, now);
    this.facts = facts;
    return this.given;
  }

  private rearrange(state: State, facts: Facts, now: number): Arrangement {
    const finished = [...state.finished.values()].filter((run) => this.takes(facts.filter, run)).reverse();
    const known = new Set([...facts.running, ...facts.waiting, ...finished.map((run) => run.runId)]);
    const pinned = facts.pins.filter((id) => known.has(id));
    const isFree = (id: string) => known.has(id) && !pinned.includes(id);
    const free = { running: facts.running.filter(isFree), waiting: facts.waiting.filter(isFree) };
    const isFirst = this.given.order.length === 0;
    const starts = facts.running.some((id) => this.facts?.running.includes(id) !== true);
    const past = isFirst ? this.lastRound(state, facts.filter, finished) : 0;
    if (isFirst) this.idleSeats = Math.max(IDLE_SEATS, past);
    if (starts) this.notePeak(Math.max(facts.running.length, past), now);
    const before = this.seated.filter(isFree);
    const seats = this.seatsFor(facts, known.size, starts);
    const seated = seat(state, starts ? thinned(state, before, seats - pinned.length) : before, free);
    const placed = new Set([...pinned, ...seated]);
    const rest = [...free.waiting, ...finished.map((run) => run.runId)].filter((id) => !placed.has(id));
    const room = Math.max(0, seats - pinned.length - seated.length);
    const added = isFirst ? asTheyBegan(state, rest.slice(0, room)) : rest.slice(0, room);
    this.seated = [...seated, ...added];
    return { order: [...pinned, ...this.seated, ...rest.slice(added.length)], seats };
  }

  private lastRound(state: State, filter: Filter, finished: readonly Run[]): number {
    const live = [...state.live.values()].filter((run) => takesRun(filter, run));
    return mostAtOnce([...live, ...finished], PEAK_SPAN_S);
  }

  private notePeak(count: number, now: number): void {
    this.peaks = [...this.peaks.filter(({ at }) => at > now - PEAK_SPAN_S), { at: now, count }];
  }

  /** Runs that end leave the grid as it is; it grows at once, and shrinks only when another run starts. */
  private seatsFor(facts: Facts, shown: number, starts: boolean): number {
    const peak = Math.max(0, ...this.peaks.map(({ count }) => count));
    const busy = peak === 0 ? Math.max(facts.waiting.length, this.idleSeats) : Math.max(peak, MIN_SEATS);
    const wanted = Math.max(1, Math.min(busy, shown), Math.min(facts.pins.length, shown));
    return starts || peak === 0 ? wanted : Math.max(wanted, Math.min(this.given.seats, shown));
  }

  private takes(filter: Filter, run: Run): boolean {
    const known = this.taken.get(run);
    if (known !== undefined) return known;
    const takes = takesRun(filter, run);
    this.taken.set(run, takes);
    return takes;
  }
}

function sameFacts(one: Facts, other: Facts): boolean {
  return (
    one.pins === other.pins &&
    one.finished === other.finished &&
    sameIds(one.running, other.running) &&
    sameIds(one.waiting, other.waiting)
  );
}

function sameFilter(one: Filter, other: Filter): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function sameIds(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id, index) => id === other[index]);
}

/** Give runs in the order in which one would have seen them begin: waiting ones first, as they have not ended. */
function asTheyBegan(state: State, runIds: readonly string[]): string[] {
  const began = (id: string) => {
    const run = runOf(state, id);
    return run === undefined || !isFinished(run) ? 0 : run.startedAt;
  };
  return [...runIds].sort((one, other) => began(one) - began(other));
}

/** Let go of ended runs at the end where there are more seats than are wanted. */
function thinned(state: State, seated: readonly string[], seats: number): string[] {
  const kept = [...seated];
  for (let index = kept.length - 1; index >= 0 && kept.length > seats; index -= 1) {
    const run = runOf(state, kept[index] ?? "");
    if (run === undefined || isFinished(run)) kept.splice(index, 1);
  }
  return kept;
}

function seat(
  state: State,
  before: readonly string[],
  free: { readonly running: readonly string[]; readonly waiting: readonly string[] },
): string[] {
  const seated = [...before];
  const ended = new EndedSeats(state, seated);
  const has = new Set(seated);
  for (const id of free.running) if (!has.has(id)) take(state, seated, ended, id, true);
  for (const id of free.waiting) if (!has.has(id)) take(state, seated, ended, id, false);
  return seated;
}

function take(state: State, seated: string[], ended: EndedSeats, id: string, canAdd: boolean): void {
  const place = ended.takeFor(runOf(state, id)?.agent);
  if (place !== null) seated[place] = id;
  else if (canAdd) seated.push(id);
}

/** The seats of runs that have ended, by who sat there. */
class EndedSeats {
  private readonly seats: { readonly place: number; readonly run: Run }[];

  constructor(state: State, seated: readonly string[]) {
    this.seats = seated
      .flatMap((id, place) => {
        const run = runOf(state, id);
        return run !== undefined && isFinished(run) ? [{ place, run }] : [];
      })
      .sort((one, other) => (one.run.endedAt ?? 0) - (other.run.endedAt ?? 0));
  }

  takeFor(agent: string | undefined): number | null {
    const same = this.seats.findIndex(({ run }) => run.agent === agent);
    return this.seats.splice(same === -1 ? 0 : same, 1)[0]?.place ?? null;
  }
}
