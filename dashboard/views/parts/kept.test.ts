// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from "vitest";
import { keep, kept } from "./kept";

afterEach(() => {
  vi.unstubAllGlobals();
  localStorage.clear();
});

describe("what the browser keeps", () => {
  it("is there again", () => {
    keep("a", "1");
    expect(kept("a")).toBe("1");
    expect(localStorage.getItem("a")).toBe("1");
  });

  it("lasts as long as the page where the browser keeps nothing", () => {
    vi.stubGlobal("localStorage", {
      getItem() {
        throw new DOMException("no", "SecurityError");
      },
      setItem() {
        throw new DOMException("no", "SecurityError");
      },
    });
    expect(kept("b")).toBeNull();
    keep("b", "1");
    expect(kept("b")).toBe("1");
  });

  it("is no longer its own once the browser keeps it", () => {
    localStorage.setItem("c", "old");
    keep("c", "new");
    localStorage.setItem("c", "from another tab");
    expect(kept("c")).toBe("from another tab");
  });
});
