import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app";
import { Store, StoreContext } from "@/store";
import { api } from "@/transport/api";
import { Live } from "@/transport/live";
import { liveWhileVisible } from "@/transport/visibility";
import { ActionsProvider } from "@/views/parts/actions";
import { CatalogProvider } from "@/views/parts/catalog";
import { FreezeProvider } from "@/views/parts/freeze";
import { NavigationProvider } from "@/views/parts/route";
import { SessionProvider } from "@/views/parts/session";
import { ErrorBoundary } from "@/views/shell/error_boundary";
import { installTheme } from "@/views/shell/theme";
import "./ui/styles.css";

/** Exchange the one-time code of the address for a session, and remove it from the address. */
async function exchangeCode(): Promise<void> {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code === null) return;
  history.replaceState(null, "", location.pathname + location.search);
  await api.openSession(code).catch(() => {});
}

async function start(): Promise<void> {
  const root = document.getElementById("root");
  if (root === null) throw new Error("index.html has no #root");
  installTheme();
  const store = new Store();
  // For the browser's console, and for those who measure: what the page knows, and what it draws.
  Object.assign(window, { flock: { live: store.liveState, shown: store.state } });
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const live = new Live(
    {
      onFrame: (frame, at) => store.take(frame, at),
      onConnection: (connection) => store.setConnection(connection),
      cursor: () => store.liveState().cursor,
    },
    { url: (path) => `${scheme}://${location.host}${path}` },
  );
  const entered = exchangeCode();
  createRoot(root).render(
    <StrictMode>
      <ErrorBoundary name="The page">
        <StoreContext value={store}>
          <NavigationProvider>
            <SessionProvider live={live} entered={entered}>
              <CatalogProvider>
                <ActionsProvider>
                  <FreezeProvider>
                    <App />
                  </FreezeProvider>
                </ActionsProvider>
              </CatalogProvider>
            </SessionProvider>
          </NavigationProvider>
        </StoreContext>
      </ErrorBoundary>
    </StrictMode>,
  );
  await entered;
  liveWhileVisible(live);
}

void start();
