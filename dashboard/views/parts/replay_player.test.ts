import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { EMPTY, type State } from "@/core/state";
import type { EventPage } from "@/protocol/api";
import type { WireEvent } from "@/protocol/events";
import { activated, final, started } from "@/testing/events";
import { Player } from "./replay_player";

/** A journal that is read page by page, and what the player showed of it. */
class Desk {
  readonly shown: { readonly state: State; readonly moment: number }[] = [];
  readonly asked: (string | null)[] = [];
  isGoingOn = false;
  isAway = false;
  private readonly events: WireEvent[] = [];
  private readonly pageSize: number;

  constructor(pageSize: number) {
    this.pageSize = pageSize;
  }

  happen(...events: readonly WireEvent[]): void {
    this.events.push(...events);
  }

  player(): Player {
    return new Player({
      base: EMPTY,
      page: (cursor) => this.page(cursor),
      show: (state, moment) => this.shown.push({ state, moment }),
      isGoingOn: () => this.isGoingOn,
    });
  }

  get last() {
    return this.shown.at(-1);
  }

  private async page(cursor: string | null): Promise<EventPage> {
    this.asked.push(cursor);
    if (this.isAway) throw new Error("The server does not answer.");
    const from = Number(cursor ?? 0);
    const to = Math.min(this.events.length, from + this.pageSize);
    const next = to < this.events.length ? String(to) : null;
    return { items: this.events.slice(from, to), next, cursor: String(to) };
  }
}

const RUN = [{ ...started("a", 1), timestamp: 100 }, activated("a", 102), final("a", {}, 110)] as const;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

test("all pages are loaded before it plays from the beginning", async () => {
  const desk = new Desk(1);
  desk.happen(...RUN);
  const player = desk.player();
  await player.open(null);
  expect(desk.asked).toEqual([null, "1", "2"]);
  expect(player.state()).toMatchObject({ phase: "ready", events: 3, begin: 100, end: 110, isPlaying: true });
  expect(desk.last?.state.live.get("a")?.state).toBe("queued");
  player.close();
});

test("a deep link stands still at its moment", async () => {
  const desk = new Desk(10);
  desk.happen(...RUN);
  const player = desk.player();
  await player.open(105);
  expect(player.state()).toMatchObject({ moment: 105, isPlaying: false });
  expect(desk.last?.state.live.get("a")?.state).toBe("running");
});

test.each([
  [1, 3],
  [4, 12],
] as const)("at %dx, three seconds bring %d of the recording", async (speed, seconds) => {
  const desk = new Desk(10);
  desk.happen({ ...started("a", 1), timestamp: 100 }, final("a", {}, 200));
  const player = desk.player();
  await player.open(null);
  player.setSpeed(speed);
  vi.advanceTimersByTime(3_000);
  expect(player.state().moment).toBeCloseTo(100 + seconds, 1);
  player.close();
});

test("it stops at the end, and begins again from there", async () => {
  const desk = new Desk(10);
  desk.happen(...RUN);
  const player = desk.player();
  await player.open(109);
  player.play();
  vi.advanceTimersByTime(2_000);
  expect(player.state()).toMatchObject({ moment: 110, isPlaying: false });
  expect(desk.last?.state.finished.get("a")?.state).toBe("completed");
  player.play();
  expect(player.state().moment).toBe(100);
  player.close();
});

test("at the end of what goes on, it loads what is new, and lives through the server being away", async () => {
  const desk = new Desk(10);
  desk.isGoingOn = true;
  desk.happen(RUN[0], RUN[1]);
  const player = desk.player();
  await player.open(102);
  player.play();
  desk.isAway = true;
  await vi.advanceTimersByTimeAsync(2_500);
  expect(player.state()).toMatchObject({ phase: "ready", moment: 102, isPlaying: true });
  desk.isAway = false;
  desk.happen(RUN[2]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(player.state().end).toBe(110);
  expect(player.state().moment).toBeGreaterThan(102);
  player.close();
});

test("what happened while it stood still is played, also where nothing goes on any more", async () => {
  const desk = new Desk(10);
  desk.isGoingOn = true;
  desk.happen(RUN[0], RUN[1]);
  const player = desk.player();
  await player.open(102);
  desk.happen(RUN[2]);
  desk.isGoingOn = false;
  player.play();
  await vi.advanceTimersByTimeAsync(12_000);
  expect(player.state()).toMatchObject({ moment: 110, isPlaying: false });
  expect(desk.last?.state.finished.get("a")?.state).toBe("completed");
});

test("a moment outside of the recording is its beginning or its end", async () => {
  const desk = new Desk(10);
  desk.happen(...RUN);
  const player = desk.player();
  await player.open(1);
  expect(player.state().moment).toBe(100);
  player.seek(9_999);
  expect(player.state().moment).toBe(110);
});

test("a recording that cannot be loaded says why", async () => {
  const desk = new Desk(10);
  desk.isAway = true;
  const player = desk.player();
  await player.open(null);
  expect(player.state()).toMatchObject({ phase: "failed", message: "The server does not answer." });
});

test("a correlation without events says so", async () => {
  const player = new Desk(10).player();
  await player.open(null);
  expect(player.state().phase).toBe("empty");
});

test("nothing is shown once it is closed, even while a page is on its way", async () => {
  const desk = new Desk(1);
  desk.happen(...RUN);
  const player = desk.player();
  const unsubscribe = player.subscribe(() => {
    if (player.state().events < 2) return;
    unsubscribe();
    player.close();
  });
  await player.open(null);
  expect(desk.asked).toHaveLength(3);
  expect(desk.shown).toEqual([]);
});
