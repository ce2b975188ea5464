import { ArrowDownIcon } from "@radix-ui/react-icons";
import { useMemo } from "react";
import type { PaneSize } from "@/core/grid";
import { type Section, sectionsOf } from "@/core/partial";
import type { Run } from "@/core/run";
import { visible } from "@/core/text";
import { sameItems, useRun } from "@/store";
import { cn } from "@/ui/classes";
import { useSettings } from "@/views/parts/settings";
import { FeedContext, useNewFeed } from "./feed_context";
import { Form, type Look } from "./form";
import { AttemptNote, Notes } from "./notes";
import { LogLines, Reasoning, ToolCall, ToolResult } from "./side_lines";
import { useFollowing } from "./use_following";

/** So much of a text is shown in a pane of a few lines, while it follows the end. */
const SMALL_TAIL = 400;

interface BodyProps {
  readonly runId: string;
  readonly size: PaneSize;
  readonly className?: string;
}

/** What a run has put out so far, followed to its end until the reader scrolls up. */
export function Body({ runId, size, className }: BodyProps) {
  const feed = useNewFeed(runId);
  const agent = useRun(runId, (run) => run.agent) ?? "";
  const fields = useRun(runId, (run) => run.fields, sameFields) ?? [];
  const artifacts = useRun(runId, (run) => run.artifacts) ?? [];
  const sections = useMemo(() => sectionsOf(fields), [fields]);
  const { isFollowing, scroller, onScroll, follow } = useFollowing(feed, true);
  const { text } = useSettings();
  const mode = size === "small" || (text === "auto" && size !== "large") ? "plain" : text;
  const tail = size === "small" && isFollowing ? SMALL_TAIL : null;
  const look = useMemo(() => ({ size, mode, tail }), [size, mode, tail]);
  return (
    <FeedContext value={feed}>
      <div className={cn("relative min-h-0 flex-1", className)}>
        <section
          ref={scroller}
          onScroll={onScroll}
          className="pane-body"
          data-size={size}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
          tabIndex={0}
          aria-label={`Output of ${visible(agent)}`}
        >
          <AttemptNote runId={runId} size={size} />
          {sections.map((section) => (
            <SectionPart key={sectionKey(section)} section={section} artifacts={artifacts} look={look} />
          ))}
          <Notes runId={runId} size={size} />
        </section>
        {!isFollowing && (
          <button type="button" onClick={follow} className="to-end">
            <ArrowDownIcon aria-hidden />
            {size === "small" ? <span className="sr-only">Go to the end</span> : "To the end"}
          </button>
        )}
      </div>
    </FeedContext>
  );
}

function sectionKey(section: Section): string {
  return section.kind === "form" ? `form ${section.artifactId ?? ""}` : section.field.key;
}

function SectionPart({
  section,
  artifacts,
  look,
}: {
  readonly section: Section;
  readonly artifacts: Run["artifacts"];
  readonly look: Look;
}) {
  switch (section.kind) {
    case "reasoning":
      return <Reasoning field={section.field} tail={look.tail} />;
    case "tool_call":
      return <ToolCall field={section.field} />;
    case "tool_result":
      return <ToolResult field={section.field} tail={look.tail} />;
    case "log":
      return <LogLines field={section.field} tail={look.tail} />;
    case "form":
      return (
        <section>
          {artifacts.length > 1 && <ArtifactName artifacts={artifacts} artifactId={section.artifactId} />}
          <Form parts={section.parts} look={look} />
        </section>
      );
  }
}

/** One of several artifacts of a run: its type, and its number where there are several of the type. */
function ArtifactName({
  artifacts,
  artifactId,
}: {
  readonly artifacts: Run["artifacts"];
  readonly artifactId: string | null;
}) {
  const slot = artifacts.find(({ artifact_id: id }) => id === artifactId);
  if (slot === undefined) return null;
  const same = artifacts.filter(({ type }) => type === slot.type);
  const number = same.length > 1 ? ` ${same.indexOf(slot) + 1} of ${same.length}` : "";
  return <h3 className="artifact-name">{visible(slot.type) + number}</h3>;
}

/** Whether two lists of fields have the same fields: their texts are written without asking React. */
function sameFields(one: Run["fields"] | undefined, other: Run["fields"] | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return sameItems(one.map(identity), other.map(identity));
}

function identity({ key, kind }: Run["fields"][number]): string {
  return `${kind} ${key}`;
}
