// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { reduceFrame } from "@/core/reduce";
import { EMPTY, type State } from "@/core/state";
import { CLOSES, type Frame } from "@/protocol/events";
import { delta, frame, hello, partial, started } from "@/testing/events";
import { type Guest, SocketServer } from "@/testing/socket_server";
import { type Connection, Live } from "./live";

let server: SocketServer;
let viewer: Viewer;

/** What a page knows behind a live connection, and what that said of itself. */
class Viewer {
  state: State = EMPTY;
  readonly said: Connection[] = [];
  /** After how many failures in a row it waited. */
  readonly failures: number[] = [];
  readonly live: Live;
  private waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];

  constructor(silenceMs = 60_000) {
    const onFrame = (frame: Frame, at: number) => {
      this.state = reduceFrame(this.state, frame, at);
      this.look();
      return !this.state.isBroken;
    };
    const onConnection = (connection: Connection) => {
      this.said.push(connection);
      this.look();
    };
    const pauseMs = (failures: number) => {
      this.failures.push(failures);
      return 0;
    };
    this.live = new Live(
      { onFrame, onConnection, cursor: () => this.state.cursor },
      { url: server.url, pauseMs, silenceMs },
    );
  }

  get states(): string[] {
    return this.said.map(({ state }) => state);
  }

  has(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ isMet, resolve });
      this.look();
    });
  }

  at(cursor: string): Promise<void> {
    return this.has(() => this.state.cursor === cursor);
  }

  is(state: Connection["state"]): Promise<void> {
    return this.has(() => this.said.at(-1)?.state === state);
  }

  text(run: string): string | undefined {
    return this.state.live.get(run)?.fields[0]?.text;
  }

  private look(): void {
    for (const { isMet, resolve } of this.waiting) if (isMet()) resolve();
    this.waiting = this.waiting.filter(({ isMet }) => !isMet());
  }
}

beforeEach(async () => {
  server = new SocketServer();
  await server.listen();
  viewer = new Viewer();
});

afterEach(async () => {
  viewer.live.pause();
  await server.stop();
});

async function arrives(): Promise<Guest> {
  const next = server.next();
  viewer.live.connect();
  return next;
}

const BEGUN = frame(2, hello("e1-0"), started("a", 1), delta(1, 0, "one "));

test("it asks for the compact format, and says when it is live", async () => {
  const guest = await arrives();
  expect(guest.path).toBe("/ws?format=compact");
  expect(viewer.states).toEqual(["connecting"]);
  guest.send(BEGUN);
  guest.send(frame(3, delta(1, 1, "two")));
  await viewer.at("e1-3");
  expect(viewer.text("a")).toBe("one two");
  expect(viewer.states).toEqual(["connecting", "live"]);
});

test("a connection that breaks goes on with the cursor of the last frame", async () => {
  const guest = await arrives();
  guest.send(BEGUN);
  await viewer.at("e1-2");
  const next = server.next();
  guest.abort();
  const again = await next;
  expect(again.cursor).toBe("e1-2");
  again.send(frame(2, hello("e1-2")));
  again.send(frame(3, delta(1, 1, "two")));
  await viewer.at("e1-3");
  expect(viewer.text("a")).toBe("one two");
  expect(viewer.states).toEqual(["connecting", "live", "lost", "live"]);
});

test("one that breaks in the middle of snapshots starts over", async () => {
  const guest = await arrives();
  guest.send(partial(hello("e1-9"), started("a", 1)));
  await viewer.has(() => viewer.text("a") === undefined && viewer.state.live.size === 1);
  const next = server.next();
  guest.abort();
  expect((await next).cursor).toBeNull();
});

test("one that brings what does not fit starts over, and hears no more of it", async () => {
  const guest = await arrives();
  guest.send(BEGUN);
  const next = server.next();
  guest.send(frame(4, delta(1, 2, "a hole before it")));
  guest.send(frame(5, delta(1, 1, "too late")));
  const again = await next;
  await guest.gone();
  expect(again.cursor).toBeNull();
  expect(viewer.text("a")).toBe("one ");
});

test("a lost connection tells since when, however often it is tried again", async () => {
  const guest = await arrives();
  guest.send(BEGUN);
  await viewer.at("e1-2");
  for (let attempt = 0, last = guest; attempt < 3; attempt += 1) {
    const next = server.next();
    last.close(4408, "stalled");
    last = await next;
  }
  const lost = viewer.said.filter((one) => one.state === "lost");
  expect(lost).toHaveLength(3);
  expect(new Set(lost.map(({ since, reason }) => `${since} ${reason}`)).size).toBe(1);
  expect(lost[0]?.reason).toBe("stalled");
});

test("a connection on which nothing comes any more is left for another one", async () => {
  viewer = new Viewer(200);
  const guest = await arrives();
  const next = server.next();
  guest.send(BEGUN);
  const again = await next;
  expect(again.cursor).toBe("e1-2");
  expect(viewer.said.at(-1)).toMatchObject({ state: "lost", reason: "the server has gone silent" });
});

test("each failure is followed by a longer pause, until a connection has held for a while", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    const fails = async (guest: Guest) => {
      const next = server.next();
      guest.abort();
      return next;
    };
    let guest = await fails(await fails(await arrives()));
    guest.send(frame(1, hello("e1-0")));
    await viewer.at("e1-1");
    guest = await fails(guest);
    expect(viewer.failures).toEqual([0, 1, 2]);
    vi.setSystemTime(Date.now() + 6_000);
    guest.send(frame(2));
    await viewer.at("e1-2");
    await fails(guest);
    expect(viewer.failures).toEqual([0, 1, 2, 0]);
  } finally {
    vi.useRealTimers();
  }
});

describe("the table of closes", () => {
  test.each(CLOSES.filter(({ code, reconnect }) => !reconnect && code !== 1000))(
    "$code, $name, ends it for good",
    async ({ code, name }) => {
      (await arrives()).close(code);
      await viewer.is("refused");
      expect(viewer.said.at(-1)).toEqual({ state: "refused", code, reason: name });
      expect(server.guests).toHaveLength(1);
    },
  );

  test.each(CLOSES.filter(({ code, reconnect }) => reconnect || code === 1000))(
    "$code, $name, means to come back",
    async ({ code, name }) => {
      const guest = await arrives();
      const next = server.next();
      guest.close(code);
      await next;
      expect(viewer.said.at(-1)).toMatchObject({ state: "lost", reason: name });
    },
  );
});

test("who is refused can come in once there is a session", async () => {
  (await arrives()).close(4401);
  await viewer.is("refused");
  (await arrives()).send(BEGUN);
  await viewer.is("live");
});

test("while it pauses nothing is connected; coming back goes on with the cursor", async () => {
  const guest = await arrives();
  guest.send(BEGUN);
  await viewer.at("e1-2");
  viewer.live.pause();
  await guest.gone();
  expect(viewer.states).toEqual(["connecting", "live", "paused"]);
  const again = await arrives();
  expect(again.cursor).toBe("e1-2");
  again.send(frame(2, hello("e1-2")));
  await viewer.is("live");
  expect(viewer.states).toEqual(["connecting", "live", "paused", "connecting", "live"]);
});

test("what a former connection still says is not heard", async () => {
  const guest = await arrives();
  guest.send(BEGUN);
  await viewer.at("e1-2");
  const again = await arrives();
  guest.send(frame(3, delta(1, 1, "twice")));
  again.send(frame(2, hello("e1-2")));
  again.send(frame(3, delta(1, 1, "two")));
  await viewer.at("e1-3");
  expect(viewer.text("a")).toBe("one two");
});
