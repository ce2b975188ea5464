/** Who looks at the page, and what they may do here: as the server says. */

import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { type Deed, mayDo } from "@/core/permissions";
import type { SessionBody } from "@/protocol/api";
import { useConnection, useFlock } from "@/store";
import { ApiError, api } from "@/transport/api";

interface SessionValue {
  /** Null while it is not known. */
  readonly session: SessionBody | null;
  readonly isSignedOut: boolean;
  readonly may: (deed: Deed) => boolean;
  /** Rejects with an `ApiError` where the token is not taken. */
  readonly signIn: (token: string) => Promise<void>;
  readonly signOut: () => Promise<void>;
  /** Connect to the server's events now. */
  readonly connect: () => void;
}

const SessionContext = createContext<SessionValue | null>(null);

interface SessionProviderProps {
  readonly live: { readonly connect: () => void; readonly pause: () => void };
  /** Resolves when the one-time code of the address, if there was one, has been exchanged. */
  readonly entered: Promise<void>;
  readonly children: ReactNode;
}

/** Asks who one is at first, for each epoch, and whenever the server refuses the connection. */
export function SessionProvider({ live, entered, children }: SessionProviderProps) {
  const [session, setSession] = useState<SessionBody | null>(null);
  const [isSignedOut, setSignedOut] = useState(false);
  const epoch = useFlock((state) => state.epoch);
  const connection = useConnection();
  const refusal = connection.state === "refused" ? connection.code : null;
  const load = useCallback(async () => {
    try {
      await entered;
      setSession(await api.session());
      setSignedOut(false);
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) setSignedOut(true);
    }
  }, [entered]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another process, or a refusal, may know another session
  useEffect(() => {
    void load();
  }, [load, epoch, refusal]);
  const signIn = useCallback(
    async (token: string) => {
      await api.openSessionWithToken(token);
      await load();
      live.connect();
    },
    [load, live],
  );
  const signOut = useCallback(async () => {
    await api.closeSession();
    live.pause();
    setSession(null);
    setSignedOut(true);
  }, [live]);
  const value = useMemo(
    () => ({
      session,
      isSignedOut,
      may: (deed: Deed) => mayDo(session?.scopes ?? null, deed),
      signIn,
      signOut,
      connect: () => live.connect(),
    }),
    [session, isSignedOut, signIn, signOut, live],
  );
  return <SessionContext value={value}>{children}</SessionContext>;
}

export function useSession(): SessionValue {
  const value = useContext(SessionContext);
  if (value === null) throw new Error("no SessionProvider around this component");
  return value;
}
