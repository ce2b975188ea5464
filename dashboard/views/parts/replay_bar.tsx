import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { counted } from "@/core/figures";
import { playTime } from "@/core/play_time";
import { formatRoute } from "@/core/route";
import { EMPTY, type State } from "@/core/state";
import { clockTime } from "@/core/time_axis";
import { useFlock, useStore } from "@/store";
import { api } from "@/transport/api";
import { Button } from "@/ui/button";
import { Cross2Icon, Link2Icon, PauseIcon, PlayIcon } from "@/ui/icons";
import { Select } from "@/ui/input";
import { useActions } from "./actions";
import { Player, SPEEDS } from "./replay_player";
import { useNavigation } from "./route";
import { Scrubber } from "./scrubber";

/** The bar under every view while the address names a correlation to replay; nothing otherwise. */
export function ReplayBar() {
  const { replay } = useNavigation().route;
  const epoch = useFlock((state) => state.epoch);
  const [isKnown, setKnown] = useState(false);
  if (epoch !== null && !isKnown) setKnown(true);
  if (replay === null) return null;
  return (
    <section aria-label="Replay" className="border-t border-line bg-panel px-3 py-2">
      {isKnown ? <Session key={replay} correlationId={replay} /> : <Note>Waiting for the server</Note>}
    </section>
  );
}

function Note({ children }: { readonly children: React.ReactNode }) {
  return (
    <p role="status" className="flex h-8 min-w-0 items-center gap-2 text-sm text-muted">
      {children}
    </p>
  );
}

/** One correlation's replay, from loading it to the way back to what is live. */
function Session({ correlationId }: { readonly correlationId: string }) {
  const player = usePlayer(correlationId);
  return player === null ? null : <Controls player={player} />;
}

/** Give a player of a correlation that drives the store while this component is there. */
function usePlayer(correlationId: string): Player | null {
  const store = useStore();
  const { route } = useNavigation();
  const at = useRef(route.at);
  const [player, setPlayer] = useState<Player | null>(null);
  useEffect(() => {
    const live = () => store.liveState();
    const made = new Player({
      base: { ...EMPTY, epoch: live().epoch },
      page: (cursor, signal) => api.correlationEvents(correlationId, cursor, signal),
      show: (state, moment) => store.showReplay({ ...state, ...measured(live(), moment) }, moment),
      isGoingOn: () => [...live().live.values()].some((run) => run.correlationId === correlationId),
    });
    setPlayer(made);
    void made.open(at.current);
    return () => {
      made.close();
      store.showReplay(null);
    };
  }, [store, correlationId]);
  return player;
}

/** Give what had been measured of the process by then. */
function measured({ metrics }: State, moment: number): Pick<State, "metrics"> {
  return { metrics: metrics.filter(({ timestamp }) => timestamp <= moment) };
}

function Controls({ player }: { readonly player: Player }) {
  const { go } = useNavigation();
  const playback = useSyncExternalStore(player.subscribe, player.state);
  const leave = () => go({ replay: null, at: null });
  useAddress(player);
  const { phase, begin, end, moment, isPlaying, speed, lost } = playback;
  if (phase !== "ready")
    return (
      <div className="flex items-center gap-2">
        <Note>
          {phase === "loading" && (
            <>
              <progress aria-label="Loading the recording" className="w-24" />
              Loading: {counted(playback.events, "event")}
            </>
          )}
          {phase === "empty" && "Nothing of this correlation is recorded."}
          {phase === "failed" && `It cannot be replayed. ${playback.message}`}
        </Note>
        <LiveButton onLeave={leave} />
      </div>
    );
  return (
    <div className="grid gap-1">
      <div className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <Button
          variant="solid"
          size="icon"
          aria-label={isPlaying ? "Pause" : "Play"}
          onClick={() => (isPlaying ? player.pause() : player.play())}
        >
          {isPlaying ? <PauseIcon /> : <PlayIcon />}
        </Button>
        <Select
          aria-label="Speed"
          className="w-16 px-1"
          value={speed}
          onChange={({ target }) => {
            const chosen = SPEEDS.find((known) => String(known) === target.value);
            if (chosen !== undefined) player.setSpeed(chosen);
          }}
        >
          {SPEEDS.map((known) => (
            <option key={known} value={known}>
              {known}x
            </option>
          ))}
        </Select>
        <span className="text-sm tabular-nums whitespace-nowrap">
          {playTime(moment - begin)} <span className="text-muted">/ {playTime(end - begin)}</span>
        </span>
        <span className="hidden text-xs text-muted tabular-nums sm:inline">
          at {clockTime(moment, 1)}, as it was
        </span>
        <div className="ml-auto flex items-center gap-2">
          <CopyMoment moment={moment} />
          <LiveButton onLeave={leave} />
        </div>
      </div>
      <Scrubber playback={playback} onSeek={(to) => player.seek(to)} />
      {lost > 0 && (
        <p className="text-xs text-waiting">
          The journal no longer reaches back to the beginning: the text of {counted(lost, "run")} comes whole,
          not as it grew.
        </p>
      )}
    </div>
  );
}

function LiveButton({ onLeave }: { readonly onLeave: () => void }) {
  return (
    <Button className="ml-auto" aria-label="Back to live" onClick={onLeave}>
      <Cross2Icon />
      <span className="hidden sm:inline">Back to live</span>
      <span className="sm:hidden">Live</span>
    </Button>
  );
}

/** How often the address follows a replay that goes on. */
const ADDRESS_MS = 1000;

/** Keep the moment in the address, and go to the one that it holds when somebody else changes it. */
function useAddress(player: Player): void {
  const { route, go } = useNavigation();
  const written = useRef(route.at);
  useEffect(() => {
    let writtenAt = 0;
    let timer: ReturnType<typeof setTimeout> | null = null;
    const write = () => {
      timer = null;
      const { phase, moment } = player.state();
      if (phase !== "ready") return;
      writtenAt = performance.now();
      const at = Number(moment.toFixed(3));
      if (at === written.current) return;
      written.current = at;
      go({ at }, "replace");
    };
    const follow = () => {
      const due = player.state().isPlaying ? writtenAt + ADDRESS_MS - performance.now() : 250;
      timer ??= setTimeout(write, Math.max(0, due));
    };
    const unsubscribe = player.subscribe(follow);
    return () => {
      unsubscribe();
      if (timer !== null) clearTimeout(timer);
    };
  }, [player, go]);
  useEffect(() => {
    if (route.at === null || route.at === written.current) return;
    written.current = route.at;
    player.pause();
    player.seek(route.at);
  }, [player, route.at]);
}

function CopyMoment({ moment }: { readonly moment: number }) {
  const { route } = useNavigation();
  const { notify, notifyError } = useActions();
  const copy = () => {
    const link = `${location.origin}${location.pathname}${formatRoute({ ...route, at: moment })}`;
    navigator.clipboard.writeText(link).then(() => notify("Link to this moment copied."), notifyError);
  };
  return (
    <Button onClick={copy} aria-label="Copy link to this moment" title="Copy link to this moment">
      <Link2Icon />
      <span className="hidden sm:inline">Copy link</span>
    </Button>
  );
}
