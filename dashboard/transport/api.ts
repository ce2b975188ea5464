/** REST: what the page asks for and what it sets off. */

import type {
  AgentBody,
  ArtifactBody,
  CancelBody,
  EventPage,
  JoinBody,
  MetricsPage,
  RunBody,
  SessionBody,
  TypeBody,
  ViewerList,
} from "@/protocol/api";
import type { WireEvent } from "@/protocol/events";

const PREFIX = "/api/v1";

export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** What the server refused, in its words. `status` is 0 where it did not answer. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string | null;
  readonly issues: readonly Issue[];

  constructor(status: number, code: string, message: string, hint: string | null, issues: readonly Issue[]) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.issues = issues;
  }
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

type Query = Record<string, string | number | readonly string[] | null | undefined>;

function address(path: string, query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
  }
  return `${PREFIX}${path}${search.size > 0 ? `?${search}` : ""}`;
}

async function ask<T>(
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<T> {
  const response = await answer(method, path, body, signal);
  return response.status === 204 ? (undefined as T) : await response.json();
}

async function answer(
  method: "GET" | "POST" | "DELETE",
  path: string,
  body?: unknown,
  signal?: AbortSignal,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "", "The server does not answer.", "Is it still running?", []);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

async function refusal(response: Response): Promise<ApiError> {
  const { status } = response;
  try {
    const { error } = await response.json();
    return new ApiError(status, error.code, error.message, error.hint ?? null, error.issues ?? []);
  } catch {
    return new ApiError(status, "", `The server answered ${status}.`, null, []);
  }
}

export const api = {
  agents: () => ask<Page<AgentBody>>("GET", address("/agents")),
  types: () => ask<Page<TypeBody>>("GET", address("/types")),
  joins: (signal?: AbortSignal) => ask<Page<JoinBody>>("GET", address("/joins"), undefined, signal),
  artifact: (id: string) => ask<ArtifactBody>("GET", address(`/artifacts/${encodeURIComponent(id)}`)),
  artifacts: (query: Query = {}, signal?: AbortSignal) =>
    ask<Page<ArtifactBody>>("GET", address("/artifacts", query), undefined, signal),
  /** The page as the server wrote it: reading and writing it would change large numbers. */
  artifactsText: async (query: Query): Promise<string> =>
    (await answer("GET", address("/artifacts", query))).text(),
  artifactText: async (id: string): Promise<string> =>
    (await answer("GET", address(`/artifacts/${encodeURIComponent(id)}`))).text(),
  runs: (query: Query = {}) => ask<Page<RunBody>>("GET", address("/runs", query)),
  run: (id: string) => ask<RunBody>("GET", address(`/runs/${encodeURIComponent(id)}`)),
  runEvents: (id: string, cursor: string | null = null) =>
    ask<Page<WireEvent> & { readonly cursor: string }>(
      "GET",
      address(`/runs/${encodeURIComponent(id)}/events`, { cursor, limit: 10_000 }),
    ),
  /** The same page as the server wrote it. */
  runEventsText: async (id: string, cursor: string | null = null): Promise<string> => {
    const path = address(`/runs/${encodeURIComponent(id)}/events`, { cursor, limit: 10_000 });
    return (await answer("GET", path)).text();
  },
  viewers: (signal: AbortSignal) => ask<ViewerList>("GET", address("/viewers"), undefined, signal),
  metrics: () => ask<MetricsPage>("GET", address("/metrics")),
  correlationEvents: (id: string, cursor: string | null, signal: AbortSignal) =>
    ask<EventPage>(
      "GET",
      address(`/correlations/${encodeURIComponent(id)}/events`, { cursor, limit: 10_000 }),
      undefined,
      signal,
    ),
  publish: (publication: {
    type: string;
    payload: unknown;
    correlation_id?: string;
    tags?: readonly string[];
  }) => ask<ArtifactBody>("POST", address("/artifacts"), publication),
  /** Start a run, and give its id as soon as there is one: the run goes on without this answer. */
  runAgent: async (
    name: string,
    inputs: readonly { readonly type: string; readonly payload: unknown }[],
  ): Promise<string> => {
    const leave = new AbortController();
    const path = address(`/agents/${encodeURIComponent(name)}/run`);
    const body = { inputs, stream: true, on_disconnect: "continue" };
    const response = await answer("POST", path, body, leave.signal);
    const runId = response.headers.get("flock-run-id");
    leave.abort();
    if (runId === null) throw new ApiError(response.status, "", "The server named no run.", null, []);
    return runId;
  },
  cancelRun: (id: string) => ask<CancelBody>("POST", address(`/runs/${encodeURIComponent(id)}/cancel`)),
  cancelCorrelation: (id: string) =>
    ask<{ readonly cancelled: readonly string[] }>(
      "POST",
      address(`/correlations/${encodeURIComponent(id)}/cancel`),
    ),
  retryRun: (id: string) => ask<RunBody>("POST", address(`/runs/${encodeURIComponent(id)}/retry`)),
  session: () => ask<SessionBody>("GET", address("/session")),
  closeSession: () => ask<void>("DELETE", address("/session")),
  openSession: (code: string) => ask<void>("POST", address("/session"), { code }),
  openSessionWithToken: async (token: string): Promise<void> => {
    const response = await fetch(address("/session"), {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: "{}",
    });
    if (!response.ok) throw await refusal(response);
  },
};
