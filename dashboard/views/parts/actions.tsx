/** What a person can set off from anywhere on the page, and how it went. */

import {
  createContext,
  lazy,
  type ReactNode,
  Suspense,
  useCallback,
  useContext,
  useMemo,
  useRef,
  useState,
} from "react";
import { type Notice, withNotice, withoutNotice } from "@/core/notices";
import type { Prefill } from "@/core/prefill";
import { ApiError, api } from "@/transport/api";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Notices } from "./notices";
import { useNavigation } from "./route";

export type { Prefill };

const PublishDialog = lazy(() =>
  import("./publish_dialog").then(({ PublishDialog: it }) => ({ default: it })),
);
const RunDialog = lazy(() => import("./run_dialog").then(({ RunDialog: it }) => ({ default: it })));

interface NotifyOptions {
  readonly tone?: Notice["tone"];
  readonly hint?: string | null;
  readonly action?: Notice["action"];
}

export interface Actions {
  /** Open the form that publishes an artifact. */
  readonly publish: (prefill?: Prefill) => void;
  /** Open the form that runs an agent. */
  readonly runAgent: (agent?: string) => void;
  readonly cancelRun: (runId: string) => Promise<void>;
  /** Cancel all unfinished runs of a correlation; asks before it does. */
  readonly cancelCorrelation: (correlationId: string) => void;
  readonly retryRun: (runId: string) => Promise<void>;
  readonly replay: (correlationId: string) => void;
  readonly notify: (text: string, options?: NotifyOptions) => void;
  /** Tell what went wrong, in the server's words where it has some. */
  readonly notifyError: (error: unknown) => void;
}

type Asking =
  | { readonly what: "publish"; readonly prefill?: Prefill }
  | { readonly what: "run"; readonly agent?: string }
  | { readonly what: "cancel"; readonly correlationId: string };

const ActionsContext = createContext<Actions | null>(null);

export function ActionsProvider({ children }: { readonly children: ReactNode }) {
  const [asking, setAsking] = useState<Asking | null>(null);
  const { notices, dismiss, notify, notifyError } = useNotices();
  const { go } = useNavigation();
  const actions = useMemo<Actions>(() => {
    const tell = (done: Promise<string>) => done.then((text) => notify(text), notifyError);
    return {
      publish: (prefill) => setAsking({ what: "publish", ...(prefill && { prefill }) }),
      runAgent: (agent) => setAsking({ what: "run", ...(agent !== undefined && { agent }) }),
      cancelRun: (runId) => tell(cancelRun(runId)),
      cancelCorrelation: (correlationId) => setAsking({ what: "cancel", correlationId }),
      retryRun: (runId) =>
        api.retryRun(runId).then(({ agent, run_id: run }) => {
          const action = { label: "Open", onSelect: () => go({ view: "streams", run }) };
          notify(`${agent} runs again.`, { action });
        }, notifyError),
      replay: (correlationId) => go({ replay: correlationId, at: null, run: null }),
      notify,
      notifyError,
    };
  }, [go, notify, notifyError]);
  const close = () => setAsking(null);
  return (
    <ActionsContext value={actions}>
      {children}
      <Suspense fallback={null}>
        {asking?.what === "publish" && (
          <PublishDialog isOpen onClose={close} {...(asking.prefill && { prefill: asking.prefill })} />
        )}
        {asking?.what === "run" && (
          <RunDialog isOpen onClose={close} {...(asking.agent !== undefined && { agent: asking.agent })} />
        )}
      </Suspense>
      {asking?.what === "cancel" && (
        <CancelDialog
          onClose={close}
          onCancel={() => {
            close();
            void cancelCorrelation(asking.correlationId).then((text) => notify(text), notifyError);
          }}
        />
      )}
      <Notices notices={notices} onDismiss={dismiss} />
    </ActionsContext>
  );
}

export function useActions(): Actions {
  const actions = useContext(ActionsContext);
  if (actions === null) throw new Error("no ActionsProvider around this component");
  return actions;
}

function useNotices() {
  const [notices, setNotices] = useState<readonly Notice[]>([]);
  const last = useRef(0);
  const dismiss = useCallback((id: number) => setNotices((known) => withoutNotice(known, id)), []);
  const notify = useCallback(
    (text: string, { tone = "info", hint = null, action = null }: NotifyOptions = {}) => {
      last.current += 1;
      const notice = { id: last.current, tone, text, hint, action };
      setNotices((known) => withNotice(known, notice));
    },
    [],
  );
  const notifyError = useCallback(
    (error: unknown) => {
      const text = error instanceof Error ? error.message : String(error);
      notify(text, { tone: "error", hint: error instanceof ApiError ? error.hint : null });
    },
    [notify],
  );
  return { notices, dismiss, notify, notifyError };
}

async function cancelRun(runId: string): Promise<string> {
  const run = await api.cancelRun(runId);
  return run.cancelled ? `${run.agent} is being cancelled.` : `${run.agent} had ended before.`;
}

async function cancelCorrelation(correlationId: string): Promise<string> {
  const { cancelled } = await api.cancelCorrelation(correlationId);
  const runs = cancelled.length === 1 ? "1 run is" : `${cancelled.length} runs are`;
  return cancelled.length === 0 ? "Nothing of this correlation was running." : `${runs} being cancelled.`;
}

interface CancelDialogProps {
  readonly onClose: () => void;
  readonly onCancel: () => void;
}

function CancelDialog({ onClose, onCancel }: CancelDialogProps) {
  return (
    <Dialog
      title="Cancel the whole correlation?"
      description="All of its runs that wait or work end now. What they published stays on the board."
      isOpen
      onClose={onClose}
    >
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Keep them running</Button>
        <Button variant="danger" onClick={onCancel}>
          Cancel all its runs
        </Button>
      </div>
    </Dialog>
  );
}
