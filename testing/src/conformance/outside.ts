import {
  buildCatalogue,
  type Catalogue,
  codesAt,
  findPrefix,
  pathOf,
  ROOT,
} from "@nightbeam/catalogue";
import { type OutsideCodes, type ScoreAnswer, type Scorer, treeOf } from "@nightbeam/decoding";
import { describe, expect, it } from "vitest";
import { deepestLine } from "./requests.js";
import { rowsOfAnswer } from "./rows.js";
import type { ScorerOpener, ScorerWorld } from "./scorer-world.js";

/** Codes per prefix. */
const OUTSIDE = 5;

/** Checks what a scorer says of codes that prefixes do not have in the catalogue, under `full` scoring. */
export function checkOutside(options: {
  open: ScorerOpener;
  opened: () => { scorer: Scorer; world: ScorerWorld };
}): void {
  describe("codes outside the catalogue", () => {
    it("are the most likely, with the bits that a catalogue with them gets, and change no row", async () => {
      const { scorer, world } = options.opened();
      const { directory, catalogue } = world;
      const { trie } = catalogue;
      const asked = deepestLine(trie).map((prefix) => pathOf(trie, prefix));
      const everything = withAllCodes(catalogue, asked);
      const wide = await options.open({ directory, catalogue: everything, scoring: "full" });
      const prompt = world.prompt(17);
      const ask = async (from: Scorer, searched: Catalogue, outside?: number) => {
        const prefixes = asked.map((path) => findPrefix(searched.trie, path));
        const request = { ...world.request(prompt, []), tree: treeOf(searched.trie, prefixes) };
        const [answer] = await from.score([{ ...request, outside }]);
        from.release([request.key]);
        if (answer === undefined) throw new Error("no answer came back");
        return { answer, rows: [...rowsOfAnswer(searched.trie, request, answer)] };
      };
      const [plain, refined, all] = [
        await ask(scorer, catalogue),
        await ask(scorer, catalogue, OUTSIDE),
        await ask(wide.scorer, everything),
      ];
      await wide.close();
      expect(plain.answer.outside).toBeUndefined();
      expect(refined.rows).toEqual(plain.rows);
      const found = outsideOf(refined.answer);
      all.rows.forEach(([prefix, row], at) => {
        const own = codesAfter(trie, refined.rows[at]?.[0]);
        const others = codesAfter(everything.trie, prefix)
          .map((code, place): [number, number] => [code, row[place] ?? 0])
          .filter(([code]) => !own.includes(code))
          .sort(([, a], [, b]) => b - a);
        const rest = Array.from({ length: OUTSIDE }, () => Number.NEGATIVE_INFINITY);
        const best = [...others.map(([, logProb]) => logProb), ...rest].slice(0, OUTSIDE);
        const [from, to] = [at * OUTSIDE, (at + 1) * OUTSIDE];
        expect([...found.logProbs.subarray(from, to)]).toEqual(best);
        const logProbs = new Map(others);
        found.codes.subarray(from, to).forEach((code, place) => {
          const logProb = best[place] ?? 0;
          if (logProb > Number.NEGATIVE_INFINITY) expect(logProbs.get(code)).toBe(logProb);
        });
      });
    });
  });
}

function outsideOf({ outside }: ScoreAnswer): OutsideCodes {
  if (outside === undefined) throw new Error("the answer has no codes outside the catalogue");
  return outside;
}

function codesAfter(trie: Catalogue["trie"], prefix = ROOT): number[] {
  return [...trie.codes.subarray(trie.firstChild[prefix], trie.firstChild[prefix + 1])];
}

/** A catalogue with further items: all codes of the level follow each of these prefixes. */
function withAllCodes(catalogue: Catalogue, prefixes: readonly (readonly number[])[]): Catalogue {
  const { trie, itemCount } = catalogue;
  const codes = Math.max(...catalogue.codesPerLevel);
  const own = Array.from({ length: itemCount }, (_, item) =>
    codesAt(catalogue, catalogue.leafOf(item)),
  );
  const added = prefixes.flatMap((prefix) =>
    Array.from({ length: codes }, (_, code) => {
      const path = [...prefix, code];
      return [...path, ...new Array<number>(trie.levels - path.length).fill(0)];
    }),
  );
  return buildCatalogue(
    [...own, ...added].map((codes, item) => ({ id: `item ${item}`, codes, where: `item ${item}` })),
  );
}
