import { describe, expect, it } from "vitest";
import { DENSITIES, GAP, gridOf } from "./grid";

const DESKTOP = { width: 1424, height: 800 };
const PHONE = { width: 374, height: 720 };

describe("gridOf", () => {
  it("shows eight panes four by two on a desktop", () => {
    expect(gridOf(DESKTOP, 8)).toMatchObject({ columns: 4, rows: 2, paneSize: "large" });
  });

  it("gives a single pane the whole window", () => {
    expect(gridOf(DESKTOP, 1)).toMatchObject({ columns: 1, rows: 1, rowHeight: 800, paneSize: "large" });
  });

  it("takes no pane for one", () => {
    expect(gridOf(DESKTOP, 0)).toEqual(gridOf(DESKTOP, 1));
  });

  it("fits every density into a desktop window without scrolling", () => {
    for (const panes of DENSITIES) {
      const { columns, rows, rowHeight } = gridOf(DESKTOP, panes);
      expect(columns * rows).toBeGreaterThanOrEqual(panes);
      expect(rows * rowHeight + (rows - 1) * GAP).toBeLessThanOrEqual(DESKTOP.height);
    }
  });

  it("wastes less than a third of the window", () => {
    for (let panes = 1; panes <= 100; panes += 1) {
      const { columns, rows } = gridOf(DESKTOP, panes);
      expect((columns * rows - panes) / (columns * rows)).toBeLessThan(1 / 3);
    }
  });

  it("keeps panes readable where there are more than fit", () => {
    const { columns, rowHeight, paneSize } = gridOf({ width: 800, height: 500 }, 1000);
    expect((800 - GAP * (columns - 1)) / columns).toBeGreaterThanOrEqual(112);
    expect(rowHeight).toBeGreaterThanOrEqual(64);
    expect(paneSize).toBe("small");
  });

  it("has one column on a phone, with panes of a few lines", () => {
    const grid = gridOf(PHONE, 8);
    expect(grid.columns).toBe(1);
    expect(grid.rowHeight).toBeGreaterThan(250);
    expect(grid.paneSize).toBe("large");
  });

  it("gives a phone's only pane the whole window", () => {
    expect(gridOf(PHONE, 1).rowHeight).toBe(720);
  });

  it("works in a window of no size yet", () => {
    expect(gridOf({ width: 0, height: 0 }, 8)).toMatchObject({ columns: 1, rows: 1 });
  });
});
