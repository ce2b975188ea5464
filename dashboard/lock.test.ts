import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

type Entry = { resolved?: string; optionalDependencies?: Record<string, string> };
type Lock = { packages: Record<string, Entry> };

const LOCK: Lock = JSON.parse(readFileSync(new URL("package-lock.json", import.meta.url), "utf8"));

/** Gives the places where a package finds another one: in its own folder, then in those around it. */
function places(path: string, name: string): string[] {
  const place = `${path === "" ? "" : `${path}/`}node_modules/${name}`;
  return path === ""
    ? [place]
    : [place, ...places(path.replace(/\/?node_modules\/(@[^/]+\/)?[^/]+$/, ""), name)];
}

/** Names the optional packages that a lock asks for and does not hold: `npm install` leaves them out silently. */
function missing({ packages }: Lock): string[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !places(path, name).some((place) => place in packages),
    ),
  );
}

/** Names the packages whose entry says where they were downloaded. */
function addressed({ packages }: Lock): string[] {
  return Object.keys(packages).filter((path) => packages[path]?.resolved !== undefined);
}

describe("package-lock.json", () => {
  it("holds every optional package it asks for, and names no host", () => {
    expect(Object.keys(LOCK.packages).length).toBeGreaterThan(100);
    expect(missing(LOCK)).toEqual([]);
    expect(addressed(LOCK)).toEqual([]);
  });

  it("would not pass with one entry less, nor with an address", () => {
    const { "node_modules/lightningcss-linux-x64-gnu": left, ...packages } = LOCK.packages;
    expect(left).toBeDefined();
    expect(missing({ packages })).toEqual(["lightningcss-linux-x64-gnu"]);
    expect(
      addressed({ packages: { "node_modules/x": { resolved: "https://packages.example/x.tgz" } } }),
    ).toEqual(["node_modules/x"]);
  });
});
