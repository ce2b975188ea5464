import { describe, expect, it } from "vitest";
import { mostAtOnce } from "./at_once";

const ran = (activatedAt: number | null, endedAt: number | null) => ({ activatedAt, endedAt });

describe("mostAtOnce", () => {
  it("counts runs that were at work at the same moment", () => {
    expect(mostAtOnce([ran(1, 5), ran(2, 6), ran(5, 9), ran(7, null)], 30)).toBe(2);
  });

  it("leaves out those that waited, and those that ended long before the last one", () => {
    const before = Array.from({ length: 9 }, () => ran(1, 5));
    expect(mostAtOnce([...before, ran(null, null), ran(100, 110), ran(105, 111)], 30)).toBe(2);
  });

  it("is none where nothing has been at work", () => {
    expect(mostAtOnce([], 30)).toBe(0);
  });
});
