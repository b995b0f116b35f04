import type { Scorer, Scoring } from "@nightbeam/decoding";
import { describe, expect, it } from "vitest";
import { refusal } from "../thrown.js";
import { scoreTogether } from "./rows.js";
import type { ScorerOpener, ScorerWorld } from "./scorer-world.js";

/** Checks concurrent calls, errors and closing. */
export function checkCalls(
  scoring: Scoring,
  options: {
    readonly open: ScorerOpener;
    readonly opened: () => { scorer: Scorer; world: ScorerWorld };
  },
): void {
  const { open, opened } = options;

  describe("calls", () => {
    it("may run at once, for new and for kept users", async () => {
      const { scorer, world } = opened();
      const batches = Array.from({ length: 6 }, (_, i) => world.users([19, 19, 45, 6 + i]));
      const alone = await Promise.all(
        batches.map((batch) =>
          scoreTogether(
            scorer,
            batch.map((user) => world.again(user)),
          ),
        ),
      );
      const rounds = await Promise.all(
        [...batches, ...batches].map((batch) => scorer.score(batch)),
      );
      rounds.forEach((answers, i) => {
        expect(answers.map(({ logProbs }) => logProbs)).toEqual(alone[i % batches.length]);
      });
      scorer.release(batches.flat().map(({ key }) => key));
    });

    it("are refused while too many wait, and answered again afterwards", async () => {
      const { world } = opened();
      const { directory, catalogue } = world;
      const { scorer, close } = await open({ directory, catalogue, scoring, maxWaiting: 2 });
      const calls = Array.from({ length: 5 }, () => scorer.score(world.users([40])));
      const settled = await Promise.allSettled(calls);
      expect(settled.map(({ status }) => status)).toEqual([
        "fulfilled",
        "fulfilled",
        "rejected",
        "rejected",
        "rejected",
      ]);
      const [, , third] = calls;
      expect(await refusal(third ?? Promise.resolve())).toMatchObject({ code: "BUSY" });
      expect(await scorer.score(world.users([40]))).toHaveLength(1);
      await close();
    });

    it("finish before the scorer closes, and are refused afterwards", async () => {
      const { world } = opened();
      const { directory, catalogue } = world;
      const { scorer, close } = await open({ directory, catalogue, scoring });
      const underWay = [scorer.score(world.users([60, 60])), scorer.score(world.users([9]))];
      const closing = close();
      expect((await Promise.all(underWay)).map(({ length }) => length)).toEqual([2, 1]);
      const late = refusal(scorer.score(world.users([9])));
      await closing;
      expect(await late).toMatchObject({ code: "CLOSED" });
      expect(await refusal(scorer.score(world.users([9])))).toMatchObject({ code: "CLOSED" });
      scorer.release([1]);
      await close();
    });
  });
}
