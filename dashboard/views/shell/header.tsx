import { VIEWS } from "@/core/route";
import { visible } from "@/core/text";
import { Button } from "@/ui/button";
import { cn } from "@/ui/classes";
import {
  DotsVerticalIcon,
  MagnifyingGlassIcon,
  MixerHorizontalIcon,
  MoonIcon,
  PaperPlaneIcon,
  PauseIcon,
  PlayIcon,
  SunIcon,
} from "@/ui/icons";
import { Menu, MenuItem, MenuLabel, MenuLine } from "@/ui/menu";
import { useActions } from "@/views/parts/actions";
import { useFreeze } from "@/views/parts/freeze";
import { useNavigation } from "@/views/parts/route";
import { useSession } from "@/views/parts/session";
import { ConnectionMark } from "./connection_mark";
import { CountsLine } from "./counts_line";
import { useTheme } from "./theme";
import { TITLES } from "./titles";

interface HeaderProps {
  readonly isFilterOpen: boolean;
  readonly onToggleFilter: () => void;
  readonly onPalette: () => void;
  readonly onHelp: () => void;
}

/** The head of the page: where one is, how it goes, and what can be set off. */
export function Header({ isFilterOpen, onToggleFilter, onPalette, onHelp }: HeaderProps) {
  const { isSignedOut, may } = useSession();
  const isWatching = !isSignedOut && may("watch");
  return (
    <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line bg-panel px-3 py-1.5">
      <h1 className="text-base font-semibold tracking-tight">flock</h1>
      {isWatching && <Views />}
      {isWatching && <ConnectionMark />}
      {isWatching && <CountsLine />}
      <div className="ml-auto flex items-center gap-1">
        {isWatching && <Frozen />}
        {isWatching && (
          <Button
            variant="ghost"
            size="icon"
            className="sm:hidden"
            aria-label="Filter"
            aria-expanded={isFilterOpen}
            aria-controls="filter"
            onClick={onToggleFilter}
          >
            <MixerHorizontalIcon />
          </Button>
        )}
        {isWatching && <Deeds />}
        {isWatching && (
          <Button
            variant="ghost"
            size="icon"
            className="hidden sm:inline-flex"
            aria-label="Commands"
            title="Commands (Ctrl+K)"
            onClick={onPalette}
          >
            <MagnifyingGlassIcon />
          </Button>
        )}
        <ThemeButton />
        <MoreMenu onPalette={onPalette} onHelp={onHelp} />
      </div>
    </header>
  );
}

function Views() {
  const { route, go } = useNavigation();
  return (
    <nav
      aria-label="Views"
      className="order-last flex w-full justify-between gap-1 overflow-x-auto md:order-none md:w-auto md:justify-start"
    >
      {VIEWS.map((view) => (
        <Button
          key={view}
          variant="ghost"
          size="sm"
          aria-current={route.view === view ? "page" : undefined}
          className={cn("text-sm", route.view === view ? "bg-raised text-ink" : "text-muted")}
          onClick={() => go({ view })}
        >
          {TITLES[view]}
        </Button>
      ))}
    </nav>
  );
}

/** The Streams view has a sign of its own. */
function Frozen() {
  const { view } = useNavigation().route;
  const { isFrozen, toggle } = useFreeze();
  if (!isFrozen || view === "streams") return null;
  return (
    <Button size="sm" className="border-waiting text-waiting" aria-label="Frozen: go on" onClick={toggle}>
      <PauseIcon aria-hidden />
      <span className="hidden xl:inline">Frozen: go on</span>
    </Button>
  );
}

/** What a token may not set off is not there. */
function Deeds() {
  const { publish, runAgent } = useActions();
  const { may } = useSession();
  return (
    <>
      {may("run") && (
        <Button className="px-2 lg:px-3" aria-label="Run agent" onClick={() => runAgent()}>
          <PlayIcon aria-hidden />
          <span className="hidden lg:inline">Run agent</span>
        </Button>
      )}
      {may("publish") && (
        <Button variant="solid" className="px-2 lg:px-3" aria-label="Publish" onClick={() => publish()}>
          <PaperPlaneIcon aria-hidden />
          <span className="hidden lg:inline">Publish</span>
        </Button>
      )}
    </>
  );
}

function ThemeButton() {
  const [theme, toggle] = useTheme();
  return (
    <Button
      variant="ghost"
      size="icon"
      className="hidden sm:inline-flex"
      aria-label={theme === "dark" ? "Light colours" : "Dark colours"}
      onClick={toggle}
    >
      {theme === "dark" ? <SunIcon /> : <MoonIcon />}
    </Button>
  );
}

type MoreMenuProps = Pick<HeaderProps, "onPalette" | "onHelp">;

function MoreMenu({ onPalette, onHelp }: MoreMenuProps) {
  const { session, signOut } = useSession();
  const { notifyError } = useActions();
  const [theme, toggleTheme] = useTheme();
  const { isFrozen, toggle } = useFreeze();
  return (
    <Menu
      trigger={
        <Button variant="ghost" size="icon" aria-label="More">
          <DotsVerticalIcon />
        </Button>
      }
    >
      <MenuItem onSelect={onPalette}>Commands …</MenuItem>
      <MenuItem onSelect={onHelp}>Keys and help</MenuItem>
      <MenuItem onSelect={toggle}>{isFrozen ? "Go on drawing" : "Freeze what is drawn"}</MenuItem>
      <MenuItem onSelect={toggleTheme}>{theme === "dark" ? "Light colours" : "Dark colours"}</MenuItem>
      <MenuItem onSelect={() => window.open("/docs", "_blank", "noopener")}>Reference of the API</MenuItem>
      {session?.can_sign_out === true && (
        <MenuItem onSelect={() => void signOut().catch(notifyError)}>Sign out</MenuItem>
      )}
      {session !== null && (
        <>
          <MenuLine />
          <MenuLabel>
            flock {session.version}
            {session.tenant !== null && ` · tenant ${visible(session.tenant)}`} · scopes:{" "}
            {session.scopes.join(", ")}
          </MenuLabel>
        </>
      )}
    </Menu>
  );
}
