import { type FormEvent, useId, useState } from "react";
import { ApiError } from "@/transport/api";
import { Button } from "@/ui/button";
import { Input } from "@/ui/input";
import { useSession } from "@/views/parts/session";

const WRONG =
  "This is not the token of this server. Copy it whole from where the server was started, or from its log.";

/** Asks for the token where the server does not know this browser. */
export function SignIn() {
  const { signIn } = useSession();
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const id = useId();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = new FormData(event.currentTarget).get("token");
    setBusy(true);
    try {
      await signIn(typeof token === "string" ? token.trim() : "");
    } catch (reason) {
      setError(refusalText(reason));
    }
    setBusy(false);
  };
  return (
    <form onSubmit={submit} className="mx-auto mt-[12vh] flex max-w-sm flex-col gap-3 p-4">
      <h2 className="text-lg font-semibold">Sign in</h2>
      <p className="text-muted">
        This server shows its agents to those who have its token. The address it printed when it started signs
        in one browser by itself.
      </p>
      <label htmlFor={id} className="font-medium">
        Token
      </label>
      <Input
        id={id}
        name="token"
        type="password"
        autoComplete="current-password"
        required
        spellCheck={false}
        aria-invalid={error !== null}
        aria-describedby={`${id}-error`}
      />
      <p id={`${id}-error`} role="alert" className="text-sm text-failed empty:hidden">
        {error}
      </p>
      <Button type="submit" variant="solid" disabled={isBusy}>
        Sign in
      </Button>
    </form>
  );
}

function refusalText(reason: unknown): string {
  if (!(reason instanceof ApiError)) return String(reason);
  if (reason.status === 401) return WRONG;
  return reason.hint === null ? reason.message : `${reason.message} ${reason.hint}`;
}
