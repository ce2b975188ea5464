import { Component, type ReactNode } from "react";
import { failureText, isStalePage } from "@/core/failures";
import { visible } from "@/core/text";
import { Button } from "@/ui/button";

interface ErrorBoundaryProps {
  /** What it is around, as the reader calls it. */
  readonly name: string;
  readonly children: ReactNode;
}

interface ErrorBoundaryState {
  readonly failure: { readonly error: unknown } | null;
}

/** Keeps an error in one part of the page from taking the rest along. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state: ErrorBoundaryState = { failure: null };

  static getDerivedStateFromError(error: unknown): ErrorBoundaryState {
    return { failure: { error } };
  }

  override render(): ReactNode {
    const { failure } = this.state;
    if (failure === null) return this.props.children;
    const again = () => this.setState({ failure: null });
    return <Failure name={this.props.name} error={failure.error} onAgain={again} />;
  }
}

interface FailureProps {
  readonly name: string;
  readonly error: unknown;
  readonly onAgain: () => void;
}

function Failure({ name, error, onAgain }: FailureProps) {
  const isStale = isStalePage(error);
  return (
    <div role="alert" className="mx-auto flex max-w-xl flex-col items-start gap-3 p-6">
      <h2 className="text-lg font-semibold">
        {isStale ? `${name} could not be loaded` : `${name} ran into an error`}
      </h2>
      <p className="text-muted">
        {isStale
          ? "The server does not have this part of the page: it may be of another version by now, or not running."
          : "The agents are not touched by it, and the rest of the page works."}
      </p>
      {!isStale && (
        <pre className="max-h-48 w-full overflow-auto rounded-md border border-line bg-raised p-2 text-xs whitespace-pre-wrap">
          {visible(failureText(error))}
        </pre>
      )}
      <div className="flex gap-2">
        {!isStale && <Button onClick={onAgain}>Show it again</Button>}
        <Button variant={isStale ? "solid" : "outline"} onClick={() => location.reload()}>
          Reload the page
        </Button>
      </div>
    </div>
  );
}
