import { useEffect, useRef } from "react";
import { cn } from "@/ui/classes";
import { useFeed } from "./feed_context";
import { TextWriter } from "./text_writer";

interface WordsProps {
  readonly fieldKey: string;
  /** How many of the last characters to show; null for all. */
  readonly tail?: number | null;
  readonly className?: string;
}

/** The text of one field, written as it grows without asking React. */
export function Words({ fieldKey, tail = null, className }: WordsProps) {
  const feed = useFeed();
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (place.current === null) return;
    const writer = new TextWriter(place.current, tail);
    const [field, run] = [feed.field(fieldKey), feed.run()];
    if (field !== undefined && run !== undefined) writer.write(field, run);
    return feed.watch(fieldKey, (more, of) => writer.write(more, of));
  }, [feed, fieldKey, tail]);
  return <div ref={place} className={cn("words", className)} />;
}
