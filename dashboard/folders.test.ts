import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const BIOME = join(HERE, "node_modules", "@biomejs", "biome", "bin", "biome");
const RULES = ["lint/style/noRestrictedImports", "lint/style/noRestrictedGlobals"];

const FORBIDDEN: readonly (readonly [path: string, code: string])[] = [
  ["protocol/state.ts", 'import "@/core/state";'],
  ["protocol/up.ts", 'import "../core/state";'],
  ["protocol/package.ts", 'import "clsx";'],
  ["core/react.ts", 'import "react";'],
  ["core/node.ts", 'import "node:fs";'],
  ["core/store.ts", 'import "@/store";'],
  ["core/up.ts", 'import "../store";'],
  ["core/transport.ts", 'import "@/transport/live";'],
  ["core/dom.ts", "export const title = document.title;"],
  ["core/window.ts", "export const width = window.innerWidth;"],
  ["core/clock.ts", "export const now = performance.now();"],
  ["transport/react.ts", 'import "react";'],
  ["transport/dom.ts", 'import "react-dom/client";'],
  ["transport/store.ts", 'import "@/store";'],
  ["transport/ui.ts", 'import "@/ui/button";'],
  ["store.ts", 'import "@/views/streams/streams_view";'],
  ["ui/store.ts", 'import "@/store";'],
  ["ui/transport.ts", 'import "@/transport/live";'],
  ["ui/view.tsx", 'import "@/views/parts/route";'],
  ["views/graph/other.tsx", 'import "@/views/board/board_view";'],
  ["views/graph/lazy.tsx", 'export const board = import("@/views/board/board_view");'],
  ["views/graph/up.tsx", 'import "../board/board_view";'],
  ["views/graph/again.tsx", 'export * from "@/views/board/board_view";'],
  ["views/graph/app.tsx", 'import "@/app";'],
  ["views/parts/view.tsx", 'import "@/views/board/board_view";'],
];
const ALLOWED: readonly (readonly [path: string, code: string])[] = [
  ["protocol/own.ts", 'import "./events";'],
  ["core/own.ts", 'import "./state";\nimport "@/core/run";\nimport "@/protocol/events";'],
  ["core/own.test.ts", 'import "vitest";'],
  ["transport/own.ts", 'import "./clock";\nimport "@/core/state";\nimport "@/protocol/events";\nfetch("/");'],
  ["ui/own.tsx", 'import "react";\nimport "./button";\nimport "@/core/text";'],
  [
    "views/graph/own.tsx",
    'import "react";\nimport "./node";\nimport "@/store";\nimport "@/views/parts/route";',
  ],
  ["views/parts/own.tsx", 'import "@/store";\nimport "@/transport/api";'],
  ["app.tsx", 'import "@/views/graph/graph_view";'],
];

type Report = {
  diagnostics: { category: string; location: { path: string } }[];
  summary: { unchanged: number };
};

/** Tells which files break a rule of the folders, and how many were looked at. */
function lint(root: string, ...paths: string[]): { broken: string[]; seen: number } {
  const options = ["lint", "--reporter=json", "--max-diagnostics=none"];
  const done = spawnSync(process.execPath, [BIOME, ...options, ...paths], { cwd: root, encoding: "utf8" });
  const report: Report = JSON.parse(done.stdout);
  const broken = report.diagnostics.filter(({ category }) => RULES.includes(category));
  return { broken: broken.map(({ location }) => location.path).sort(), seen: report.summary.unchanged };
}

function plant(root: string, files: readonly (readonly [path: string, code: string])[]): void {
  for (const [path, code] of files) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${code}\n`);
  }
}

describe("the rules of the folders", () => {
  it("refuse what a folder must not know, and nothing else", () => {
    const root = mkdtempSync(join(tmpdir(), "folders-"));
    try {
      cpSync(join(HERE, "biome.json"), join(root, "biome.json"));
      plant(root, [...FORBIDDEN, ...ALLOWED]);
      expect(lint(root, ".").broken).toEqual(FORBIDDEN.map(([path]) => path).sort());
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it.each(["protocol", "core", "transport", "store.ts", "ui", "views", "views/parts"])(
    "look at %s",
    (path) => {
      const entries = path.includes(".")
        ? [path]
        : readdirSync(join(HERE, path), { recursive: true, encoding: "utf8" });
      const sources = entries.filter((name) => /\.tsx?$/.test(name)).length;
      const { broken, seen } = lint(HERE, path);
      expect(sources).toBeGreaterThan(0);
      expect(seen).toBeGreaterThanOrEqual(sources);
      expect(broken).toEqual([]);
    },
  );
});
