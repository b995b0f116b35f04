import { ROOT } from "@nightbeam/catalogue";
import type { ScoreRequest, Scorer } from "@nightbeam/decoding";
import { describe, expect, it } from "vitest";
import { seeded } from "../random.js";
import { deepestLine } from "./requests.js";
import { rowsOfAnswer, scoreAlone, scoreTogether } from "./rows.js";
import type { ScorerWorld } from "./scorer-world.js";

/*
 * The bits of an answer depend on model, prompt and prefix alone: not on other users of the call, on the
 * rest of the tree, or on whether the prompt was kept from an earlier call. All comparisons are exact.
 */

type Opened = () => { scorer: Scorer; world: ScorerWorld };

export function checkBatches(opened: Opened): void {
  const aloneEach = async (users: readonly ScoreRequest[]) => {
    const { scorer, world } = opened();
    const alone: Float64Array[] = [];
    for (const user of users) alone.push(await scoreAlone(scorer, world.again(user)));
    return alone;
  };

  describe("a user's answer does not depend on the batch", () => {
    it.each([3, 8, 32])("of %i users with prompts of one length", async (size) => {
      const { scorer, world } = opened();
      const users = world.users(new Array<number>(size).fill(37));
      expect(await scoreTogether(scorer, users)).toEqual(await aloneEach(users));
    });

    it("of users with prompts of many lengths, in any order", async () => {
      const { scorer, world } = opened();
      const users = world.users([1, 2, 81, 41, 5, 81, 41, 9, 2, 81, 16, 17, 64, 65, 41, 3]);
      const alone = await aloneEach(users);
      const random = seeded(2);
      for (let round = 0; round < 3; round++) {
        const order = users.map((_, at) => at).sort(() => random() - 0.5);
        const shuffled = order.flatMap((at) => users[at] ?? []).map((user) => world.again(user));
        const answers = await scoreTogether(scorer, shuffled);
        expect(answers).toEqual(order.map((at) => alone[at]));
      }
    });
  });
}

export function checkTrees(opened: Opened, promptLengths: readonly number[]): void {
  describe("a prefix's answer does not depend on the tree", () => {
    it.each(promptLengths)("after a prompt of %i tokens", async (length) => {
      const { scorer, world } = opened();
      const { trie } = world.catalogue;
      const prompt = world.prompt(length);
      const prefixes = [...new Set([ROOT, ...deepestLine(trie), ...world.prefixes(60)])];
      const whole = world.request(prompt, prefixes);
      const [answer] = await scorer.score([whole]);
      if (answer === undefined) throw new Error("an answer is missing");
      const rows = rowsOfAnswer(trie, whole, answer);
      for (const prefix of [...deepestLine(trie), ...prefixes.slice(0, 12)]) {
        const alone = await scoreAlone(scorer, world.request(prompt, [prefix]));
        expect(alone, `prefix ${prefix}`).toEqual(rows.get(prefix));
      }
      scorer.release([whole.key]);
    });
  });
}

export function checkKept(opened: Opened): void {
  describe("a prefix's answer does not depend on what was kept", () => {
    it("level by level, in jumps or all at once", async () => {
      const { scorer, world } = opened();
      const { trie } = world.catalogue;
      const prompts = [29, 29, 53, 7].map((length) => world.prompt(length));
      const wanted = prompts.map(() => [
        ROOT,
        ...deepestLine(trie).slice(1),
        ...world.prefixes(40),
      ]);
      const once = prompts.map((prompt, at) => world.request(prompt, wanted[at] ?? []));
      const answers = await scorer.score(once);
      const rows = once.map((request, at) =>
        rowsOfAnswer(
          trie,
          request,
          answers[at] ?? { logProbs: new Float64Array(), tokens: 0, milliseconds: 0 },
        ),
      );
      scorer.release(once.map(({ key }) => key));
      const keyed = prompts.map((prompt) => world.request(prompt, []));
      // Users begin in different rounds, so a call has kept and new users, and trees of different
      // depths. The last rounds ask again for what has been computed.
      for (const round of [0, 1, 2, 3, 4, 5]) {
        const asking = keyed.flatMap((user, at) => {
          const part = (wanted[at] ?? []).filter((_, i) => round > 3 || i % 4 === (round + at) % 4);
          return round < at ? [] : [{ at, request: world.request(user.prompt, part), user }];
        });
        const requests = asking.map(({ request, user }) => ({ ...request, key: user.key }));
        const found = await scorer.score(requests);
        requests.forEach((request, i) => {
          const answer = found[i];
          if (answer === undefined) throw new Error("an answer is missing");
          for (const [prefix, row] of rowsOfAnswer(trie, request, answer)) {
            expect(row, `round ${round}, prefix ${prefix}`).toEqual(
              rows[asking[i]?.at ?? 0]?.get(prefix),
            );
          }
        });
        // One user is released in between and continues.
        if (round === 2) scorer.release([keyed[0]?.key ?? 0]);
      }
      scorer.release(keyed.map(({ key }) => key));
    });

    it("prefix by prefix, of one user", async () => {
      const { scorer, world } = opened();
      const user = world.request(world.prompt(24), deepestLine(world.catalogue.trie));
      const [answer] = await scorer.score([user]);
      if (answer === undefined) throw new Error("an answer is missing");
      const { key } = world.again(user);
      for (const [prefix, row] of rowsOfAnswer(world.catalogue.trie, user, answer)) {
        const [found] = await scorer.score([{ ...world.request(user.prompt, [prefix]), key }]);
        expect(found?.logProbs, `prefix ${prefix}`).toEqual(row);
      }
      scorer.release([user.key, key]);
    });

    it("or whether a key is used again after its release", async () => {
      const { scorer, world } = opened();
      const [first, second] = world.users([23, 31]);
      if (first === undefined || second === undefined) throw new Error("two users were made");
      const alone = await scoreAlone(scorer, world.again(second));
      await scoreAlone(scorer, first);
      expect(await scoreAlone(scorer, { ...second, key: first.key })).toEqual(alone);
      scorer.release([123_456, first.key]);
    });
  });
}
