const LOOKS = ["calm", "active", "recent", "awaited"] as const;

/** The heads of the edges: one for each look, since a marker knows nothing of the line it is at. */
export function Arrows() {
  return (
    <svg aria-hidden className="absolute size-0">
      <defs>
        {LOOKS.map((look) => (
          <marker
            key={look}
            id={`graph-arrow-${look}`}
            className={`graph-arrow-${look}`}
            viewBox="0 0 10 10"
            refX="9"
            refY="5"
            markerWidth="9"
            markerHeight="9"
            markerUnits="userSpaceOnUse"
            orient="auto-start-reverse"
          >
            <path d="M0,1 L10,5 L0,9 z" />
          </marker>
        ))}
      </defs>
    </svg>
  );
}
