import { describe, expect, it } from "vitest";
import { withFlags } from "../src/options/key-flags.js";

describe("keys in messages", () => {
  it("are shown as flags", () => {
    expect(withFlags("`beamWidth` 5 is less than `topK` 10")).toBe(
      "--beam-width 5 is less than --top-k 10",
    );
    expect(withFlags("`draft[1]`: give a text")).toBe("--draft[1]: give a text");
  });

  it("are only those of settings", () => {
    const message = "run `nightbeam recommend` or `npm`; nights/{date} and topK stay";
    expect(withFlags(message)).toBe(message);
  });
});
