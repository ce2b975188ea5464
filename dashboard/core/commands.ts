/** What the palette offers: everything that can be done or gone to by name, few at a time and the best first. */

import { DENSITIES, type Density } from "./grid";
import type { Correlation } from "./known";
import { bestMatches } from "./matching";
import type { Deed } from "./permissions";
import { NO_FILTER, type Route, VIEWS } from "./route";
import { isFinished, type Run } from "./run";

/** What choosing a command does. */
export type Intent =
  | { readonly kind: "go"; readonly change: Partial<Route> }
  | { readonly kind: "publish"; readonly type?: string }
  | { readonly kind: "run"; readonly agent?: string }
  | { readonly kind: "cancel_run" | "retry_run"; readonly runId: string }
  | { readonly kind: "cancel_correlation" | "replay"; readonly correlationId: string }
  | { readonly kind: "density"; readonly panes: Density }
  | { readonly kind: "freeze" | "theme" | "help" | "sign_out" };

export interface Command {
  readonly id: string;
  readonly name: string;
  /** What tells it from others of its name. */
  readonly detail?: string;
  readonly key?: string;
  readonly intent: Intent;
}

export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly Command[];
  readonly more: number;
}

/** What there is to make commands of. */
export interface World {
  readonly route: Route;
  readonly titles: Readonly<Record<Route["view"], string>>;
  readonly openRun: Run | null;
  /** The latest first. */
  readonly runs: readonly Run[];
  readonly agents: readonly string[];
  readonly types: readonly string[];
  readonly correlations: readonly Correlation[];
  readonly may: (deed: Deed) => boolean;
  readonly isFrozen: boolean;
  readonly canSignOut: boolean;
}

const FEW = 6;
const MANY = 40;

/** Give the commands for what was typed, in groups; groups without any are left out. */
export function commandGroups(world: World, query: string): CommandGroup[] {
  const isAsked = query.trim() !== "";
  const always = [
    group("Open run", openRunCommands(world), query, MANY),
    group("Views", viewCommands(world), query, MANY),
    group("Actions", actionCommands(world), query, MANY),
    group("Runs", world.runs.map(runCommand), query, isAsked ? MANY : FEW),
  ];
  const asked = isAsked
    ? [
        group("Panes in the window", DENSITY_COMMANDS, query, MANY),
        group("Run an agent", world.may("run") ? world.agents.map(runAgentCommand) : [], query, FEW),
        group("Publish a type", world.may("publish") ? world.types.map(publishCommand) : [], query, FEW),
        group("Show only the runs of an agent", world.agents.map(agentCommand), query, FEW),
        group("Show only the runs with a type", world.types.map(typeCommand), query, FEW),
        group("Show only a correlation", world.correlations.map(correlationCommand), query, FEW),
      ]
    : [];
  return [...always, ...asked].filter(({ commands }) => commands.length > 0);
}

function group(title: string, commands: readonly Command[], query: string, limit: number): CommandGroup {
  const { items, more } = bestMatches(
    commands,
    query,
    ({ name }) => name,
    limit,
    ({ detail = "" }) => detail,
  );
  return { title, commands: items, more };
}

function viewCommands({ titles }: World): Command[] {
  return VIEWS.map((view, place) => ({
    id: `view ${view}`,
    name: titles[view],
    key: String(place + 1),
    intent: { kind: "go", change: { view } },
  }));
}

function actionCommands({ may, isFrozen, canSignOut }: World): Command[] {
  const commands: (Command | false)[] = [
    may("publish") && { id: "publish", name: "Publish an artifact", key: "n", intent: { kind: "publish" } },
    may("run") && { id: "run", name: "Run an agent", key: "r", intent: { kind: "run" } },
    {
      id: "freeze",
      name: isFrozen ? "Go on drawing" : "Freeze what is drawn",
      key: "f",
      intent: { kind: "freeze" },
    },
    {
      id: "clear filter",
      name: "Clear the filter",
      key: "x",
      intent: { kind: "go", change: { filter: NO_FILTER } },
    },
    { id: "theme", name: "Change between dark and light", key: "t", intent: { kind: "theme" } },
    { id: "help", name: "Keys and help", key: "?", intent: { kind: "help" } },
    canSignOut && { id: "sign out", name: "Sign out", intent: { kind: "sign_out" } },
  ];
  return commands.filter((command) => command !== false);
}

const DENSITY_COMMANDS: readonly Command[] = (["auto", ...DENSITIES] as const).map((panes) => ({
  id: `density ${panes}`,
  name: panes === "auto" ? "Panes: as many as fit" : `Panes: ${panes}`,
  detail: "density",
  intent: { kind: "density", panes },
}));

function openRunCommands({ openRun, correlations, may }: World): Command[] {
  if (openRun === null) return [];
  const { runId, correlationId, agent } = openRun;
  const hasEnded = isFinished(openRun);
  const isGoingOn = correlations.some(({ id, isLive }) => id === correlationId && isLive);
  const commands: (Command | false)[] = [
    may("cancel") &&
      !hasEnded && {
        id: "cancel run",
        name: "Cancel the run",
        detail: agent,
        intent: { kind: "cancel_run", runId },
      },
    may("retry") &&
      hasEnded && {
        id: "retry run",
        name: "Retry the run",
        detail: agent,
        intent: { kind: "retry_run", runId },
      },
    may("cancel") &&
      isGoingOn && {
        id: "cancel correlation",
        name: "Cancel the correlation …",
        intent: { kind: "cancel_correlation", correlationId },
      },
    { id: "replay", name: "Replay the correlation", intent: { kind: "replay", correlationId } },
    { id: "close run", name: "Close the run", intent: { kind: "go", change: { run: null } } },
  ];
  return commands.filter((command) => command !== false);
}

function runCommand({ runId, agent, state, artifacts }: Run): Command {
  const types = artifacts.map(({ type }) => type).join(", ");
  return {
    id: `open ${runId}`,
    name: agent,
    detail: [types, state.replace("_", " "), runId.slice(0, 8)].filter(Boolean).join(" · "),
    intent: { kind: "go", change: { view: "streams", run: runId } },
  };
}

function runAgentCommand(agent: string): Command {
  return { id: `run ${agent}`, name: agent, detail: "run", intent: { kind: "run", agent } };
}

function publishCommand(type: string): Command {
  return { id: `publish ${type}`, name: type, detail: "publish", intent: { kind: "publish", type } };
}

function only(part: Partial<Route["filter"]>): Intent {
  return { kind: "go", change: { run: null, filter: { ...NO_FILTER, ...part } } };
}

function agentCommand(agent: string): Command {
  return { id: `agent ${agent}`, name: agent, intent: only({ agents: [agent] }) };
}

function typeCommand(type: string): Command {
  return { id: `type ${type}`, name: type, intent: only({ types: [type] }) };
}

function correlationCommand({ id, agent, runs }: Correlation): Command {
  const detail = `${agent} · ${runs === 1 ? "1 run" : `${runs} runs`}`;
  return { id: `correlation ${id}`, name: id, detail, intent: only({ correlations: [id] }) };
}
