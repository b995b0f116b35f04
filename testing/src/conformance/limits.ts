import { ROOT } from "@nightbeam/catalogue";
import type { Scorer } from "@nightbeam/decoding";
import { describe, expect, it } from "vitest";
import { refusal } from "../thrown.js";
import { scoreAlone } from "./rows.js";
import type { ScorerWorld } from "./scorer-world.js";

/** Checks the limits of prompts, for an implementation that was opened with `MAX_POSITIONS`. */
export function checkLimits(opened: () => { scorer: Scorer; world: ScorerWorld }): void {
  describe("prompts", () => {
    it("are refused if too long or empty, and calls continue to work", async () => {
      const { scorer, world } = opened();
      const good = world.request(world.prompt(10), [ROOT]);
      const alone = await scoreAlone(scorer, world.again(good));
      for (const length of [0, world.maxPromptTokens + 1, 500]) {
        const bad = world.request(world.prompt(length), [ROOT]);
        const { code, message } = await refusal(scorer.score([good, bad]));
        expect(code).toBe("PROMPT_TOO_LONG");
        expect(message).toContain(String(length));
      }
      expect(await scoreAlone(scorer, good)).toEqual(alone);
    });

    it("are accepted if they leave room for a path after them", async () => {
      const { scorer, world } = opened();
      const longest = world.maxPromptTokens;
      const deepest = world.prefixes(30);
      const logProbs = await scoreAlone(scorer, world.request(world.prompt(longest), deepest));
      expect(logProbs.every(Number.isFinite)).toBe(true);
    });
  });
}
