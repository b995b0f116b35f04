import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadReference } from "@nightbeam/testing/reference";
import { LLAMA_KINDS, writeCheckpoint } from "@nightbeam/testing/world";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import numbers from "./reference-numbers.json" with { type: "json" };

/** Numbers by transformers, made by bench/peers/make_reference_numbers.py from this seed. */
const SEED = 7;

describe("the reference model computes what transformers computes", () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "nightbeam-reference-"));
  });
  afterAll(() => rm(directory, { recursive: true }));

  const expected = new Map(Object.entries(numbers.logits));

  it("has numbers for every kind of checkpoint", () => {
    expect([...expected.keys()].sort()).toEqual(Object.keys(LLAMA_KINDS).sort());
  });

  it.each(Object.entries(LLAMA_KINDS))("%s", async (name, kind) => {
    const checkpoint = join(directory, name);
    await writeCheckpoint({ directory: checkpoint, seed: SEED, ...kind });
    const last = loadReference(checkpoint).logits(numbers.prompt).at(-1);
    const logits = expected.get(name) ?? [];
    for (const [i, token] of numbers.tokens.entries()) {
      expect(last?.[token], `token ${token}`).toBeCloseTo(logits[i] ?? Number.NaN, 4);
    }
  });
});
