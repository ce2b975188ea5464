import { useCallback } from "react";
import { counted } from "@/core/figures";
import { shownRuns } from "@/core/filter";
import { DENSITIES } from "@/core/grid";
import { runOf, type State } from "@/core/state";
import { visible } from "@/core/text";
import { sameItems, useFlock, useStore } from "@/store";
import { Button } from "@/ui/button";
import { ArrowLeftIcon, PauseIcon, PlayIcon } from "@/ui/icons";
import { Select } from "@/ui/input";
import { stateWord } from "@/ui/state_badge";
import { useNow } from "@/views/parts/clock";
import { useFreeze } from "@/views/parts/freeze";
import { useNavigation } from "@/views/parts/route";
import { changeSettings, TEXT_MODES, useSettings } from "@/views/parts/settings";
import { compared, MAX_COMPARED } from "./compared";
import { useShape } from "./use_shape";

/** So many runs are offered; the others can be chosen in their panes. */
const MAX_OFFERED = 60;

/** What can be done with all panes. It stands in the page's bar of filters, beside which it needs no row of its own. */
export function Toolbar() {
  const { isFrozen, toggle } = useFreeze();
  const { shape, leave } = useShape();
  const isGrid = shape === "grid";
  return (
    <div className="toolbar">
      {!isGrid && (
        <Button size="sm" onClick={leave} title="Escape">
          <ArrowLeftIcon aria-hidden />
          Back
        </Button>
      )}
      <Button size="sm" aria-pressed={isFrozen} onClick={toggle} title="Freeze all panes (f)">
        {isFrozen ? <PlayIcon aria-hidden /> : <PauseIcon aria-hidden />}
        {isFrozen ? "Go on" : "Freeze"}
      </Button>
      {isFrozen && <FrozenMark />}
      {shape !== "single" && <Comparing />}
      <TextChoice />
      {isGrid && <DensityChoice />}
    </div>
  );
}

/** Says that all stands still, and how much has come in behind it. */
function FrozenMark() {
  const store = useStore();
  useNow();
  const more = deltas(store.liveState()) - deltas(store.state());
  return (
    <span role="status" className="frozen">
      Frozen
      {more > 0 && <span className="font-normal tabular-nums"> · {counted(more, "token")} since</span>}
    </span>
  );
}

/** Count the deltas of all runs that are known. */
function deltas(state: State): number {
  let sum = 0;
  for (const run of state.live.values()) sum += run.next;
  for (const run of state.finished.values()) sum += run.next;
  return sum;
}

/** Leads from one chosen run to several: the others are chosen here, or in their panes. */
function Comparing() {
  const { route, go } = useNavigation();
  if (route.compare.length === 0) return null;
  return (
    <>
      {route.compare.length < MAX_COMPARED && <AnotherRun chosen={route.compare} />}
      <Button size="sm" variant="ghost" onClick={() => go({ compare: [] })}>
        Compare none
      </Button>
    </>
  );
}

function AnotherRun({ chosen }: { readonly chosen: readonly string[] }) {
  const { route, go } = useNavigation();
  const runs = useFlock(
    useCallback((state) => shownRuns(state, route.filter).slice(0, MAX_OFFERED), [route.filter]),
    sameItems,
  );
  const store = useStore();
  return (
    <Select
      aria-label="Another run to compare with"
      className="h-7 w-44 text-xs"
      value=""
      onChange={({ target }) => go({ compare: compared(chosen, target.value) })}
    >
      <option value="" disabled>
        Compare with …
      </option>
      {runs.map((runId) => {
        const run = runOf(store.state(), runId);
        return (
          run !== undefined &&
          !chosen.includes(runId) && (
            <option key={runId} value={runId}>
              {`${visible(run.agent)}, ${stateWord(run.state)}, ${runId.slice(0, 8)}`}
            </option>
          )
        );
      })}
    </Select>
  );
}

const TEXT_WORDS = { auto: "auto", markdown: "markdown", plain: "plain text" } as const;

function TextChoice() {
  const { text } = useSettings();
  return (
    <label className="choice" htmlFor="streams-text">
      Text
      <Select
        id="streams-text"
        value={text}
        onChange={({ target }) => {
          const chosen = TEXT_MODES.find((mode) => mode === target.value);
          if (chosen !== undefined) changeSettings({ text: chosen });
        }}
      >
        {TEXT_MODES.map((mode) => (
          <option key={mode} value={mode}>
            {TEXT_WORDS[mode]}
          </option>
        ))}
      </Select>
    </label>
  );
}

function DensityChoice() {
  const { density } = useSettings();
  return (
    <label className="choice" htmlFor="streams-panes">
      Panes
      <Select
        id="streams-panes"
        value={String(density)}
        onChange={({ target }) =>
          changeSettings({ density: DENSITIES.find((known) => String(known) === target.value) ?? "auto" })
        }
      >
        <option value="auto">auto</option>
        {DENSITIES.map((panes) => (
          <option key={panes} value={panes}>
            {panes}
          </option>
        ))}
      </Select>
    </label>
  );
}
