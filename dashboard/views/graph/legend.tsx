const SIGNS = [
  { look: "active", words: "at work" },
  { look: "recent", words: "just published" },
  { look: "awaited", words: "awaited by a join" },
] as const;

/** What the looks of the edges mean. */
export function Legend() {
  return (
    <ul className="graph-canvas flex flex-wrap gap-x-4 text-xs text-muted" aria-label="Edges">
      {SIGNS.map(({ look, words }) => (
        <li key={look} className="flex items-center gap-1.5">
          <svg aria-hidden width="28" height="8" className={`graph-edge graph-edge-${look}`}>
            <path d="M1,4 L27,4" fill="none" />
          </svg>
          {words}
        </li>
      ))}
    </ul>
  );
}
