import { Command as Cmdk } from "cmdk";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";

interface CommandDialogProps {
  readonly title: string;
  readonly placeholder: string;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A field over a list: one types, goes through what is left with the arrows, and takes it with Enter. */
export function CommandDialog({ title, placeholder, query, onQuery, onClose, children }: CommandDialogProps) {
  return (
    <Radix.Root open onOpenChange={(open) => open || onClose()}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/50" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed inset-x-2 top-[max(0.5rem,10vh)] z-50 mx-auto flex max-h-[70vh] max-w-xl flex-col overflow-hidden rounded-lg border border-line bg-panel text-ink shadow-xl outline-none"
        >
          <Radix.Title className="sr-only">{title}</Radix.Title>
          <Cmdk label={title} shouldFilter={false} loop className="flex min-h-0 flex-col">
            <Cmdk.Input
              value={query}
              onValueChange={onQuery}
              placeholder={placeholder}
              className="border-b border-line bg-transparent px-4 py-3 text-base outline-none placeholder:text-muted"
            />
            <Cmdk.List className="min-h-0 overflow-auto p-1.5">
              <Cmdk.Empty className="px-3 py-4 text-muted">Nothing of that name.</Cmdk.Empty>
              {children}
            </Cmdk.List>
          </Cmdk>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

interface CommandListProps {
  readonly title: string;
  readonly children: ReactNode;
}

export function CommandList({ title, children }: CommandListProps) {
  return (
    <Cmdk.Group
      heading={title}
      className="mb-1 [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:py-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted"
    >
      {children}
    </Cmdk.Group>
  );
}

interface CommandItemProps {
  readonly id: string;
  readonly onSelect: () => void;
  readonly children: ReactNode;
}

export function CommandItem({ id, onSelect, children }: CommandItemProps) {
  return (
    <Cmdk.Item
      value={id}
      onSelect={onSelect}
      className="flex cursor-pointer items-center gap-2 rounded px-2.5 py-1.5 text-sm select-none data-[selected=true]:bg-raised"
    >
      {children}
    </Cmdk.Item>
  );
}
