import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type ModelOptions, openModel } from "@nightbeam/model";
import { refusal, useTempDir } from "@nightbeam/testing";
import { ScorerWorld } from "@nightbeam/testing/conformance";
import { beforeAll, describe, expect, it } from "vitest";
import { editHeader } from "../support/edit-files.js";

/** Threads of this process, by the operating system's count. */
const TASKS = "/proc/self/task";
const countThreads = () => readdirSync(TASKS).length;

/** The number of threads once it is down to `most`, or what it is after a while. */
async function threadsComeDownTo(most: number): Promise<number> {
  for (let waited = 0; countThreads() > most && waited < 2000; waited += 20) await sleep(20);
  return countThreads();
}

/** Megabytes that the process holds when its garbage is collected. */
function residentMegabytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().rss / 2 ** 20;
}

describe("threads and memory of a model", () => {
  const temporary = useTempDir();
  let world: ScorerWorld;
  beforeAll(async () => {
    const shape = { width: 256, intermediate: 1024, layers: 2, headSize: 64 };
    world = await ScorerWorld.write({ parent: temporary(), name: "model", shape });
  });
  const open = (options: Partial<ModelOptions> = {}) =>
    openModel({
      directory: world.directory,
      catalogue: world.catalogue,
      scoring: "full",
      precision: "fp32",
      cacheDirectory: temporary(),
      workers: 2,
      threads: 2,
      cacheBytes: 2 ** 24,
      ...options,
    });
  const openUseClose = async () => {
    const model = await open();
    await model.scorer.score(world.users(new Array<number>(8).fill(60)));
    await model.close();
  };

  it.skipIf(!existsSync(TASKS))("end with it", async () => {
    await openUseClose();
    const before = countThreads();
    const model = await open();
    expect(countThreads()).toBeGreaterThanOrEqual(before + 4);
    await model.scorer.score(world.users([10, 20]));
    await model.close();
    expect(await threadsComeDownTo(before)).toBeLessThanOrEqual(before);
  });

  it("are freed: the process does not grow when models are opened, used and closed repeatedly", async () => {
    for (let i = 0; i < 3; i++) await openUseClose();
    const warm = residentMegabytes();
    for (let i = 0; i < 8; i++) await openUseClose();
    const grown = residentMegabytes() - warm;
    console.info(`eight models later the process is ${grown.toFixed(1)} MiB larger`);
    // Each model is two workers with two sessions of 8 MiB of weights.
    expect(grown).toBeLessThan(100);
  }, 120_000);

  it.skipIf(!existsSync(TASKS))("are freed if a worker cannot start", async () => {
    await openUseClose();
    const before = countThreads();
    const missing = await refusal(open({ device: { kind: "cuda", index: 999 } }));
    expect(missing.code).toBe("RUNTIME");
    expect(missing.message).toContain("on cuda:999: ");
    const broken = await ScorerWorld.write({ parent: temporary(), name: "broken", shape: {} });
    await editHeader(join(broken.directory, "model.safetensors"), (header) => {
      delete header["model.norm.weight"];
    });
    const { directory, catalogue } = broken;
    const refused = await refusal(open({ directory, catalogue }));
    expect(refused.code).toBe("BAD_CHECKPOINT");
    expect(refused.message).toContain("model.norm.weight");
    expect(await threadsComeDownTo(before)).toBeLessThanOrEqual(before);
  });
});
