import { join } from "node:path";
import { useTempDir } from "@nightbeam/testing";
import { loadReference } from "@nightbeam/testing/reference";
import { T5_KINDS, writeCheckpoint } from "@nightbeam/testing/world";
import { describe, expect, it } from "vitest";
import numbers from "./reference-numbers-t5.json" with { type: "json" };

/** Numbers by transformers, made by bench/peers/make_reference_numbers.py from this seed. */
const SEED = 7;

describe("the reference T5 computes what transformers computes", () => {
  const temporary = useTempDir();
  const expected = new Map(Object.entries(numbers.logits));

  it("has numbers for every kind of checkpoint", () => {
    expect([...expected.keys()].sort()).toEqual(Object.keys(T5_KINDS).sort());
  });

  it.each(Object.entries(T5_KINDS))("%s", async (name, kind) => {
    const directory = join(temporary(), name);
    await writeCheckpoint({ directory, seed: SEED, ...kind });
    const last = loadReference(directory).logits(numbers.prompt, numbers.path).at(-1);
    const logits = expected.get(name) ?? [];
    for (const [i, token] of numbers.tokens.entries()) {
      expect(last?.[token], `token ${token}`).toBeCloseTo(logits[i] ?? Number.NaN, 4);
    }
  });
});
