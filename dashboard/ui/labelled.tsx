import { type ReactNode, useId } from "react";

interface LabelledProps {
  readonly label: string;
  readonly note?: string;
  /** Draws the input, which takes the id and what describes it. */
  readonly children: (input: { readonly id: string; readonly "aria-describedby": string }) => ReactNode;
}

/** An input with its label above it, and a note below. */
export function Labelled({ label, note = "", children }: LabelledProps) {
  const id = useId();
  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children({ id, "aria-describedby": `${id}-note` })}
      {note !== "" && (
        <p id={`${id}-note`} className="text-xs break-words text-muted">
          {note}
        </p>
      )}
    </div>
  );
}
