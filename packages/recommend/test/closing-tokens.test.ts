import { cp } from "node:fs/promises";
import { childRange, findPrefix, pathOf, ROOT } from "@nightbeam/catalogue";
import { openCatalogue } from "@nightbeam/dataset";
import { openPrompts } from "@nightbeam/model";
import {
  openRecommender,
  type RecommenderSettings,
  type UserHistory,
  type UserList,
} from "@nightbeam/recommend";
import { refusal } from "@nightbeam/testing";
import { loadReference } from "@nightbeam/testing/reference";
import { editJson, usersOf, useWorld, writeCheckpoint } from "@nightbeam/testing/world";
import { beforeAll, describe, expect, it } from "vitest";

const BEAMS = 6;
/** Two tokens that no code has. */
const END = [3, 2];

describe("a target that closes items with tokens of its own (nightbeam.json, end)", () => {
  const world = useWorld({
    items: 120,
    users: 4,
    levels: 3,
    codesPerLevel: 10,
    maxItems: 4,
    sharedPaths: 0,
  });
  let users: UserHistory[];
  beforeAll(async () => {
    const { target, draft } = world();
    users = await usersOf(world());
    await cp(target, world().path("open"), { recursive: true });
    for (const model of [target, draft]) await editJson(`${model}/nightbeam.json`, { end: END });
  });

  async function listsOf(settings: Partial<RecommenderSettings> = {}): Promise<UserList[]> {
    const { target, catalogue, histories } = world();
    const usual = { target, catalogue, histories, workers: 1, beamWidth: BEAMS, topK: BEAMS };
    await using recommender = await openRecommender({ ...usual, ...settings });
    const lists: UserList[] = [];
    for await (const list of recommender.recommend(users)) lists.push(list);
    return lists;
  }

  it("has the lists of a beam search whose last steps are these tokens", async () => {
    const { target, catalogue: file } = world();
    const catalogue = await openCatalogue(file);
    const { trie } = catalogue;
    const { encodePrompt, codeTokens } = await openPrompts({ directory: target, catalogue });
    const model = loadReference(target);
    /** Log-probabilities after a prompt, a path's codes and the first closing tokens. */
    const logProbs = (prompt: Int32Array, codes: readonly number[], closed = 0) => {
      const path = codes.map((code, level) => codeTokens[level]?.[code] ?? 0);
      const rows = model.logits([...prompt, ...path, ...END.slice(0, closed)]);
      const logits = [...(rows.at(-1) ?? [])];
      const sum = Math.log(logits.reduce((all, one) => all + Math.exp(one), 0));
      return (token = 0) => (logits[token] ?? 0) - sum;
    };
    const search = (prompt: Int32Array) => {
      let beams = [{ node: ROOT, score: 0 }];
      for (let level = 0; level < trie.levels; level++) {
        const next = beams.flatMap(({ node, score }) => {
          const logProb = logProbs(prompt, pathOf(trie, node));
          const { first, end } = childRange(trie, node);
          return Array.from({ length: end - first }, (_, nth) => ({
            node: first + nth,
            score: score + logProb(codeTokens[level]?.[trie.codes[first + nth] ?? 0]),
          }));
        });
        beams = next.sort((a, b) => b.score - a.score || a.node - b.node).slice(0, BEAMS);
      }
      const closed = beams.map(({ node, score }) => {
        const codes = pathOf(trie, node);
        return END.reduce(
          (all, token, at) => ({ codes, score: all.score + logProbs(prompt, codes, at)(token) }),
          { codes, score },
        );
      });
      return closed.sort((a, b) => b.score - a.score);
    };
    const lists = await listsOf();
    for (const [at, { history }] of users.entries()) {
      const items = history.map((id) => catalogue.itemIndex(id) ?? -1);
      const expected = search(encodePrompt(items));
      expect(lists[at]?.items.length).toBe(BEAMS);
      lists[at]?.items.forEach(({ item, codes, score }, rank) => {
        expect(codes).toEqual(expected[rank]?.codes);
        expect(score).toBeCloseTo(expected[rank]?.score ?? Number.NaN, 4);
        expect(catalogue.leafOf(catalogue.itemIndex(item) ?? -1)).toBe(findPrefix(trie, codes));
      });
    }
  });

  it("has the same lists with every draft, and in whole searches", async () => {
    const { draft } = world();
    const heads = world().path("heads");
    const config = { levels: 3, codesPerLevel: 10, levelHeads: true };
    await writeCheckpoint({ directory: heads, seed: 3, config, options: { maxItems: 4 } });
    await editJson(`${heads}/nightbeam.json`, { end: END });
    const plain = await listsOf({ excludeSeen: true });
    const drafts = [[draft], ["transitions"], [heads]];
    for (const names of drafts) {
      const drafted = { draft: names, draftWidth: [BEAMS, 2 * BEAMS], excludeSeen: true };
      expect(await listsOf(drafted)).toEqual(plain);
    }
    const itemsOf = (lists: readonly UserList[]) =>
      lists.map(({ items }) => items.map(({ item }) => item));
    for (const search of ["whole", "drafted"] as const) {
      const whole = await listsOf({ draft: [draft], search, excludeSeen: true });
      expect(itemsOf(whole)).toEqual(itemsOf(plain));
    }
  });

  it("changes nothing under renormalized, where a single continuation is certain", async () => {
    const scoring = "renormalized";
    const target = world().path("open");
    expect(await listsOf({ scoring })).toEqual(await listsOf({ scoring, target }));
    expect(await listsOf()).not.toEqual(await listsOf({ target }));
  });

  it("refuses a draft with another end", async () => {
    const { code, message } = await refusal(listsOf({ draft: [world().path("open")] }));
    expect(code).toBe("CATALOGUE_MISMATCH");
    expect(message).toContain("closes an item with 0 tokens (nightbeam.json, end)");
  });
});
