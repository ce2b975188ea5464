import { describe, expect, it } from "vitest";
import { DEFAULTS, parseSettings } from "./settings";

describe("parseSettings", () => {
  it("gives the defaults where nothing was kept", () => {
    expect(parseSettings(null)).toEqual(DEFAULTS);
  });

  it("gives back what was kept", () => {
    const settings = { density: 16, text: "plain", pins: ["a", "b"] } as const;
    expect(parseSettings(JSON.stringify(settings))).toEqual(settings);
  });

  it("takes what it does not know for not given", () => {
    for (const kept of ["", "{", "null", "7", '{"density":3,"text":"html","pins":"a"}']) {
      expect(parseSettings(kept)).toEqual(DEFAULTS);
    }
  });

  it("keeps the latest pins alone", () => {
    const pins = Array.from({ length: 40 }, (_, index) => `run-${index}`);
    expect(parseSettings(JSON.stringify({ pins })).pins).toEqual(pins.slice(8));
  });
});
