import { useMemo } from "react";
import type { PaneSize } from "@/core/grid";
import { type Section, sectionsOf } from "@/core/partial";
import type { Run } from "@/core/run";
import { visible } from "@/core/text";
import { sameItems, useRun } from "@/store";
import { ArrowDownIcon } from "@/ui/icons";
import { useSettings } from "@/views/parts/settings";
import { FeedContext, useNewFeed } from "./feed_context";
import { Form, type Look } from "./form";
import { AttemptNote, Notes } from "./notes";
import { LogLines, Reasoning, ToolCall, ToolResult } from "./side_lines";
import { useFollowing } from "./use_following";

/** Keys that lead up in a text. A small pane at its end does not scroll by itself: it would cost too much. */
const UP_KEYS = new Set(["ArrowUp", "PageUp", "Home"]);

interface BodyProps {
  readonly runId: string;
  readonly size: PaneSize;
  /** How many of the last characters a small pane shows, while it follows the end. */
  readonly tail?: number;
}

/** What a run has put out so far, followed to its end until the reader scrolls up. */
export function Body({ runId, size, tail: room }: BodyProps) {
  const feed = useNewFeed(runId);
  const agent = useRun(runId, (run) => run.agent) ?? "";
  const fields = useRun(runId, (run) => run.fields, sameFields) ?? [];
  const artifacts = useRun(runId, (run) => run.artifacts) ?? [];
  const sections = useMemo(() => sectionsOf(fields), [fields]);
  const following = useFollowing();
  const { isFollowing, scroller } = following;
  const { text } = useSettings();
  const mode = size === "small" || (text === "auto" && size !== "large") ? "plain" : text;
  const tail = size === "small" && isFollowing ? (room ?? null) : null;
  const isClipped = size === "small" && isFollowing;
  const look = useMemo(() => ({ size, mode, tail }), [size, mode, tail]);
  return (
    <FeedContext value={feed}>
      <div className="relative min-h-0 flex-1">
        <section
          ref={scroller}
          onScroll={following.onScroll}
          onWheel={isClipped ? (event) => event.deltaY < 0 && following.yield() : undefined}
          onTouchMove={isClipped ? following.yield : undefined}
          onKeyDown={isClipped ? (event) => UP_KEYS.has(event.key) && following.yield() : undefined}
          className="pane-body"
          data-size={size}
          data-following={isFollowing}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
          tabIndex={0}
          aria-label={`Output of ${visible(agent)}`}
        >
          <div className="pane-content">
            <AttemptNote runId={runId} size={size} />
            {sections.map((section) => (
              <SectionPart key={sectionKey(section)} section={section} artifacts={artifacts} look={look} />
            ))}
            <Notes runId={runId} size={size} />
          </div>
        </section>
        {!isFollowing && (
          <button type="button" onClick={following.follow} className="to-end">
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
      return <ToolCall field={section.field} tail={look.tail} />;
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
