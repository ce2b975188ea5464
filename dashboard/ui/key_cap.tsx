/** A key as it stands on the keyboard. */
export function KeyCap({ name }: { readonly name: string }) {
  return (
    <kbd className="inline-block min-w-5 rounded border border-line bg-raised px-1 text-center font-mono text-xs text-muted">
      {name}
    </kbd>
  );
}
