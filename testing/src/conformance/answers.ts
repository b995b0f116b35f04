import { childCount, ROOT } from "@nightbeam/catalogue";
import type { Scorer, Scoring } from "@nightbeam/decoding";
import { describe, expect, it } from "vitest";
import { rowsOfAnswer, scoreAlone, scoreTogether } from "./rows.js";
import type { ScorerWorld } from "./scorer-world.js";

/** Checks the values, sizes and order of answers. */
export function checkAnswers(
  scoring: Scoring,
  opened: () => { scorer: Scorer; world: ScorerWorld },
): void {
  describe("answers", () => {
    it("are finite log-probabilities of all wanted children", async () => {
      const { scorer, world } = opened();
      const { trie } = world.catalogue;
      const users = world.users([41, 17, 41, 9, 1]);
      const answers = await scorer.score(users);
      expect(answers).toHaveLength(users.length);
      users.forEach((user, at) => {
        const answer = answers[at];
        if (answer === undefined) throw new Error("an answer is missing");
        for (const [prefix, row] of rowsOfAnswer(trie, user, answer)) {
          expect(row).toHaveLength(childCount(trie, prefix));
          const total = row.reduce((sum, logProb) => sum + Math.exp(logProb), 0);
          expect(row.every(Number.isFinite)).toBe(true);
          if (scoring === "renormalized") expect(total).toBeCloseTo(1, 10);
          else expect(total).toBeLessThan(1);
        }
        expect(answer.tokens).toBeGreaterThan(0);
      });
      scorer.release(users.map(({ key }) => key));
    });

    it("come in the order of the requests", async () => {
      const { scorer, world } = opened();
      const users = world.users([20, 5, 20, 33, 5, 20]);
      const forward = await scoreTogether(scorer, users);
      const backward = await scoreTogether(
        scorer,
        users.map((user) => world.again(user)).reverse(),
      );
      expect(backward.reverse()).toEqual(forward);
    });

    it("depend on every token of the prompt and on every code of the prefix", async () => {
      const { scorer, world } = opened();
      const { trie } = world.catalogue;
      const prompt = world.prompt(12);
      const first = trie.firstChild[ROOT] ?? 0;
      const wide = [first, first + 1].map((prefix) => trie.firstChild[prefix] ?? 0);
      const plain = await scoreAlone(scorer, world.request(prompt, wide));
      for (const place of [0, 6, 11]) {
        const other = prompt.slice();
        other[place] = (other[place] ?? 0) === 4 ? 5 : 4;
        expect(await scoreAlone(scorer, world.request(other, wide))).not.toEqual(plain);
      }
    });

    it("are none for no requests, and empty for an empty tree", async () => {
      const { scorer, world } = opened();
      expect(await scorer.score([])).toEqual([]);
      const [none, root] = [
        world.request(world.prompt(8), []),
        world.request(world.prompt(8), [ROOT]),
      ];
      const alone = await scoreAlone(scorer, world.again(root));
      const [empty, full] = await scoreTogether(scorer, [none, root]);
      expect(empty).toEqual(new Float64Array());
      expect(full).toEqual(alone);
    });
  });
}
