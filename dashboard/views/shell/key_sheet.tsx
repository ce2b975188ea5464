import type { KeyHelp } from "@/core/keys";
import { VIEWS } from "@/core/route";
import { Dialog } from "@/ui/dialog";
import { KeyCap } from "@/ui/key_cap";
import { BESIDE, EVERYWHERE, OF_VIEWS } from "./keys";
import { TITLES } from "./titles";

/** Every key of the page. */
export default function KeySheet({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog
      title="Keys and help"
      description="Keys work while no field is written in."
      isOpen
      onClose={onClose}
      className="max-w-3xl"
    >
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        <Section title="Everywhere" helps={[...EVERYWHERE, ...BESIDE]} />
        <div className="flex flex-col gap-4">
          {VIEWS.map((view) => {
            const helps = OF_VIEWS[view];
            return helps && <Section key={view} title={TITLES[view]} helps={helps} />;
          })}
          <Help />
        </div>
      </div>
    </Dialog>
  );
}

function Section({ title, helps }: { readonly title: string; readonly helps: readonly KeyHelp[] }) {
  return (
    <section>
      <h3 className="mb-1 font-semibold">{title}</h3>
      <dl className="grid grid-cols-[auto_1fr] items-baseline gap-x-3 gap-y-1 text-sm">
        {helps.map(({ keys, does }) => (
          <div key={does} className="contents">
            <dt className="flex flex-wrap gap-1">
              {keys.map((key) => (
                <KeyCap key={key} name={NAMES[key] ?? key} />
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

const NAMES: Readonly<Record<string, string>> = {
  " ": "Space",
  Escape: "Esc",
  PageUp: "Page ↑",
  PageDown: "Page ↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
};

function Help() {
  return (
    <section className="text-sm">
      <h3 className="mb-1 font-semibold">The address</h3>
      <p className="text-muted">
        The view, the filter and what is open are in the address: copy it to share what you see. The same data
        is in the API, whose reference is at{" "}
        <a className="text-accent underline" href="/docs">
          /docs
        </a>
        .
      </p>
    </section>
  );
}
