import {
  openRecommender,
  type RecommenderSettings,
  type UserHistory,
  type UserList,
} from "@nightbeam/recommend";
import {
  editJson,
  type ModelShape,
  usersOf,
  useWorld,
  writeCheckpoint,
} from "@nightbeam/testing/world";
import { beforeAll, describe, expect, it } from "vitest";

const BEAMS = 6;
const CODES = { levels: 3, codesPerLevel: 10 };

describe("a draft of another family than the target's", () => {
  const world = useWorld({ items: 120, users: 6, ...CODES, maxItems: 4, sharedPaths: 4 });
  let users: UserHistory[];
  beforeAll(async () => {
    users = await usersOf(world());
  });

  const SHAPES = {
    LLaMA: { layers: 2 },
    heads: { layers: 1, levelHeads: true },
    T5: { modelType: "t5", encoderLayers: 1, decoderLayers: 1 },
  } as const satisfies Record<string, ModelShape>;

  /** A random model that writes prompts as T5 does: no BOS, and EOS after the items. */
  async function write(family: keyof typeof SHAPES, { seed }: { seed: number }): Promise<string> {
    const directory = world().path(`${family} ${seed}`);
    const config = { ...SHAPES[family], ...CODES };
    await writeCheckpoint({ directory, seed, config });
    const prompt = { kind: "items", suffix: [2], maxItems: 4 };
    await editJson(`${directory}/nightbeam.json`, { prompt });
    return directory;
  }

  async function listsOf(settings: Partial<RecommenderSettings>): Promise<UserList[]> {
    const { target, catalogue, histories } = world();
    const usual = { target, catalogue, histories, workers: 1, beamWidth: BEAMS, topK: BEAMS };
    await using recommender = await openRecommender({ ...usual, excludeSeen: true, ...settings });
    const lists: UserList[] = [];
    for await (const list of recommender.recommend(users)) lists.push(list);
    return lists;
  }

  it.each([
    { draft: "LLaMA", target: "T5" },
    { draft: "heads", target: "T5" },
    { draft: "T5", target: "LLaMA" },
  ] as const)("leaves the target's own lists: $draft for $target", async (given) => {
    const target = await write(given.target, { seed: 3 });
    const draft = await write(given.draft, { seed: 4 });
    const plain = await listsOf({ target });
    expect(plain.every(({ items }) => items.length === BEAMS)).toBe(true);
    const drafted = { target, draft: [draft], draftWidth: [BEAMS, 2 * BEAMS] };
    expect(await listsOf(drafted)).toEqual(plain);
    const itemsOf = (lists: readonly UserList[]) =>
      lists.map(({ items }) => items.map(({ item }) => item));
    expect(itemsOf(await listsOf({ ...drafted, search: "drafted" }))).toEqual(itemsOf(plain));
  });
});
