import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type World, writeWorld } from "@nightbeam/testing/world";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const examples = fileURLToPath(new URL("..", import.meta.url));
let world: World;
let directory = "";

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "nightbeam-examples-"));
  const size = { items: 120, sharedPaths: 8, users: 12, levels: 3, codesPerLevel: 10 };
  const model = { layers: 2, width: 16, heads: 2, maxItems: 5 };
  world = await writeWorld({ directory, ...size, ...model });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function run(name: string, ...args: readonly string[]) {
  return promisify(execFile)(process.execPath, [join(examples, "dist", `${name}.js`), ...args]);
}

describe("the examples of the library", () => {
  it("top-ten prints ten items, best first, or why there is no list", async () => {
    const [line = ""] = (await readFile(world.histories, "utf8")).split("\n");
    const { history }: { history: string[] } = JSON.parse(line);
    const { stdout } = await run("top-ten", world.target, world.catalogue, ...history);
    const scores = stdout
      .trim()
      .split("\n")
      .map((one) => Number(one.split("\t")[1]));
    expect(scores).toHaveLength(10);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    const stranger = await run("top-ten", world.target, world.catalogue, "no such item");
    expect(stranger).toEqual({ stdout: "", stderr: expect.stringContaining("no list: item") });
  });

  it("top-ten is no longer than 15 lines", async () => {
    const text = await readFile(join(examples, "src", "top-ten.ts"), "utf8");
    expect(text.trim().split("\n").length).toBeLessThanOrEqual(15);
  });

  it("own-drafter gives the same lists", async () => {
    const { stdout } = await run("own-drafter", world.target, world.catalogue, world.histories);
    expect(stdout).toBe("the same lists, to the bit\n");
  });
});
