import { useDeferredValue, useState } from "react";
import { commandGroups, type Intent, type World } from "@/core/commands";
import { knownAgents, knownCorrelations, knownTypes } from "@/core/known";
import { runOf } from "@/core/state";
import { visible } from "@/core/text";
import { useStore } from "@/store";
import { CommandDialog, CommandItem, CommandList } from "@/ui/command";
import { KeyCap } from "@/ui/key_cap";
import { useCatalog } from "@/views/parts/catalog";
import { useFreeze } from "@/views/parts/freeze";
import { useNavigation } from "@/views/parts/route";
import { useSession } from "@/views/parts/session";
import { TITLES } from "./titles";

interface PaletteProps {
  readonly onClose: () => void;
  readonly onIntent: (intent: Intent) => void;
}

/** Everything by name. It offers what there was when it was opened: a list that moves cannot be chosen from. */
export default function Palette({ onClose, onIntent }: PaletteProps) {
  const [query, setQuery] = useState("");
  const world = useWorld();
  const groups = commandGroups(world, useDeferredValue(query));
  return (
    <CommandDialog
      title="Commands"
      placeholder="Go to, find, publish, run …"
      query={query}
      onQuery={setQuery}
      onClose={onClose}
    >
      {groups.map(({ title, commands, more }) => (
        <CommandList key={title} title={more > 0 ? `${title} (${more} more)` : title}>
          {commands.map(({ id, name, detail, key, intent }) => (
            <CommandItem
              key={id}
              id={id}
              onSelect={() => {
                onClose();
                onIntent(intent);
              }}
            >
              <span className="min-w-0 truncate">{visible(name)}</span>
              {detail !== undefined && (
                <span className="min-w-0 flex-1 truncate text-xs text-muted">{visible(detail)}</span>
              )}
              {key !== undefined && (
                <span className="ml-auto">
                  <KeyCap name={key} />
                </span>
              )}
            </CommandItem>
          ))}
        </CommandList>
      ))}
    </CommandDialog>
  );
}

function useWorld(): World {
  const store = useStore();
  const catalog = useCatalog();
  const { route } = useNavigation();
  const { session, may } = useSession();
  const { isFrozen } = useFreeze();
  const [known] = useState(() => {
    const state = store.state();
    return {
      openRun: route.run === null ? null : (runOf(state, route.run) ?? null),
      runs: [...state.live.values(), ...[...state.finished.values()].reverse()],
      agents: knownAgents(state, catalog.agents),
      types: knownTypes(state, catalog.types),
      correlations: knownCorrelations(state),
    };
  });
  return { ...known, route, titles: TITLES, may, isFrozen, canSignOut: session?.can_sign_out === true };
}
