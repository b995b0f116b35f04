import { existsSync, statSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "@nightbeam/catalogue";
import { type Scoring, treeOf } from "@nightbeam/decoding";
import {
  checkpointHash,
  convertCheckpoint,
  type Model,
  openCheckpoint,
  openModel,
} from "@nightbeam/model";
import { refusal, seeded, useTempDir } from "@nightbeam/testing";
import {
  ScorerWorld,
  SHAPES,
  scoreAlone,
  scoreTogether,
  someCatalogue,
  somePrefixes,
  somePrompt,
} from "@nightbeam/testing/conformance";
import { readReferenceTensors } from "@nightbeam/testing/reference";
import { type TensorFormat, writeCheckpoint } from "@nightbeam/testing/world";
import { beforeAll, describe, expect, it } from "vitest";
import { editHeader } from "../support/edit-files.js";
import { largestDistance } from "../support/reference-scores.js";

/** What int8 may move a log-probability by, in a random model of these sizes. */
const INT8_TOLERANCE = 0.25;

describe("a conversion", () => {
  const temporary = useTempDir();
  const catalogue = someCatalogue({ levels: 4, codesPerLevel: 16, items: 60, seed: 9 });
  let number = 0;
  const source = async (options: { format?: TensorFormat; shards?: number } = {}) => {
    const directory = join(temporary(), `source-${number++}`);
    await writeCheckpoint({ directory, seed: 2, config: { attentionBias: true }, options });
    return directory;
  };
  const unused = () => join(temporary(), "deeper", `out-${number++}`);
  const open = (directory: string, options: { precision: "fp32" | "int8"; cache?: string }) =>
    openModel({
      directory,
      catalogue,
      scoring: "full",
      precision: options.precision,
      cacheDirectory: options.cache ?? join(temporary(), "no-cache"),
      workers: 1,
      threads: 1,
      cacheBytes: 0,
    });
  const scoresOf = async (model: Model) => {
    const random = seeded(1);
    const prompt = somePrompt({ length: 13, vocabularySize: 68, random });
    const prefixes = [ROOT, ...somePrefixes(catalogue.trie, { count: 12, random })];
    return scoreAlone(model.scorer, { key: 0, prompt, tree: treeOf(catalogue.trie, prefixes) });
  };

  it.each([
    ["F16", 1],
    ["BF16", 1],
    ["BF16", 3],
    ["F32", 3],
  ] as const)("of %s in %i files holds the very same numbers in one", async (format, shards) => {
    const directory = await source({ format, shards });
    const out = unused();
    const converted = await convertCheckpoint(await openCheckpoint(directory), {
      precision: "fp32",
      out,
    });
    const [from, to] = [readReferenceTensors(directory), readReferenceTensors(out)];
    expect(converted.tensors.size).toBeGreaterThan(20);
    for (const name of converted.tensors.keys()) expect(to.get(name)).toEqual(from.get(name));
    expect((await readdir(out)).sort()).toEqual([
      "config.json",
      "model.safetensors",
      "nightbeam.json",
    ]);
  });

  it("to int8 is a complete checkpoint, at a quarter of the size, and scores nearly the same", async () => {
    const directory = await source();
    const plain = await open(directory, { precision: "fp32" });
    const expected = await scoresOf(plain);
    await plain.close();
    const out = unused();
    await convertCheckpoint(await openCheckpoint(directory), { precision: "int8", out });
    await rm(directory, { recursive: true });
    const small = await open(out, { precision: "int8" });
    const found = await scoresOf(small);
    await small.close();
    const distance = largestDistance(found, expected);
    console.info(`int8 moves log-probabilities by ${distance.toFixed(3)} at most`);
    expect(distance).toBeLessThan(INT8_TOLERANCE);
    expect(distance).toBeGreaterThan(0);
    const { code, message } = await refusal(open(out, { precision: "fp32" }));
    expect(code).toBe("UNSUPPORTED");
    expect(message).toContain(out);
  });

  it.each<{ name: string; scoring: Scoring }>([
    { name: "five levels, grouped heads", scoring: "full" },
    { name: "five levels, grouped heads", scoring: "renormalized" },
    { name: "T5, four levels, heads wider than the stream", scoring: "full" },
  ])("to int8 answers with the same bits in any call: $name, $scoring", async (given) => {
    const { name, scoring } = given;
    const parent = join(temporary(), `int8 ${scoring}`);
    const world = await ScorerWorld.write({ parent, name, shape: SHAPES[name] ?? {} });
    const model = await openModel({
      directory: world.directory,
      catalogue: world.catalogue,
      scoring,
      precision: "int8",
      cacheDirectory: join(temporary(), "int8-cache"),
      workers: 1,
      threads: 1,
      cacheBytes: 2 ** 24,
    });
    const users = world.users([37, 37, 37, 5, 81, 37, 37, 5, 1, 37]);
    const alone: Float64Array[] = [];
    for (const user of users) alone.push(await scoreAlone(model.scorer, world.again(user)));
    expect(await scoreTogether(model.scorer, users)).toEqual(alone);
    await model.close();
  });

  it("that fails leaves no files", async () => {
    const directory = await source();
    await editHeader(join(directory, "model.safetensors"), (header) => {
      const last = header["lm_head.weight"];
      if (last !== undefined) last.dtype = "I32";
    });
    const parent = unused();
    const checkpoint = await openCheckpoint(directory);
    const { code, message } = await refusal(
      convertCheckpoint(checkpoint, { precision: "fp32", out: join(parent, "out") }),
    );
    expect(code).toBe("UNSUPPORTED");
    expect(message).toContain("lm_head.weight");
    expect(await readdir(parent)).toEqual([]);
  });

  it("does not exist until it is complete", async () => {
    const checkpoint = await openCheckpoint(await source({ format: "BF16" }));
    const out = unused();
    const seen: (number | undefined)[] = [];
    const watch = setInterval(() => {
      if (existsSync(out)) seen.push(statSync(join(out, "model.safetensors")).size);
    }, 0);
    await convertCheckpoint(checkpoint, { precision: "fp32", out });
    clearInterval(watch);
    const { size } = statSync(join(out, "model.safetensors"));
    expect(new Set([...seen, size])).toEqual(new Set([size]));
  });

  describe("kept in the cache directory", () => {
    let directory: string;
    let cache: string;
    beforeAll(async () => {
      directory = await source({ format: "BF16" });
      cache = join(temporary(), "cache");
    });

    it("is made once, and not for a checkpoint that runs as it is", async () => {
      const first = await open(directory, { precision: "fp32", cache });
      const [kept = ""] = await readdir(cache);
      expect(kept).toBe(`${first.hash.slice(0, 16)}-fp32`);
      const expected = await scoresOf(first);
      await first.close();
      // A second conversion would come and go beside the first, and leave the directory newer.
      const { mtimeMs } = statSync(cache);
      const second = await open(directory, { precision: "fp32", cache });
      expect(statSync(cache).mtimeMs).toBe(mtimeMs);
      expect(await scoresOf(second)).toEqual(expected);
      expect(second.hash).toBe(first.hash);
      await second.close();
      const ready = await open(await source(), { precision: "fp32", cache });
      await ready.close();
      expect(await readdir(cache)).toEqual([kept]);
    });

    it("is made by several at once, and all of them get it", async () => {
      const shared = join(temporary(), "shared-cache");
      const models = await Promise.all(
        [0, 1, 2].map(() => open(directory, { precision: "int8", cache: shared })),
      );
      const [first, ...others] = await Promise.all(models.map(scoresOf));
      for (const other of others) expect(other).toEqual(first);
      await Promise.all(models.map((model) => model.close()));
      expect(await readdir(shared)).toHaveLength(1);
    });

    it("is another one when the checkpoint changes", async () => {
      const changed = `${directory}-changed`;
      await cp(directory, changed, { recursive: true });
      const hash = async () => checkpointHash(await openCheckpoint(changed));
      const before = await hash();
      expect(before).toBe(await checkpointHash(await openCheckpoint(directory)));
      const weights = join(changed, "model.safetensors");
      const bytes = await readFile(weights);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      await writeFile(weights, bytes);
      const after = await hash();
      expect(after).not.toBe(before);
      await writeFile(join(changed, "tokenizer.json"), "{}");
      expect(await hash()).not.toBe(after);
    });
  });

  it("does not replace an existing directory", async () => {
    const out = unused();
    await mkdir(out, { recursive: true });
    await writeFile(join(out, "mine"), "");
    const checkpoint = await openCheckpoint(await source());
    await expect(convertCheckpoint(checkpoint, { precision: "fp32", out })).rejects.toThrow();
    expect(await readdir(out)).toEqual(["mine"]);
  });
});
