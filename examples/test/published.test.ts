import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { readRecommendations } from "@nightbeam/run";
import { all, useTempDir } from "@nightbeam/testing";
import { succeed } from "@nightbeam/testing/command";
import {
  postgresIsHere,
  redisIsHere,
  startMoto,
  startPostgres,
  startRedis,
  testPython,
} from "@nightbeam/testing/servers";
import { type World, writeWorld } from "@nightbeam/testing/world";
import { beforeAll, describe, expect, it, vi } from "vitest";

const examples = fileURLToPath(new URL("..", import.meta.url));
const directory = useTempDir();
const run = promisify(execFile);
let python: string | undefined;
let out = "";
/** What a user's list must be read as. */
let expected = "";
let user = "";

beforeAll(async () => {
  python = await testPython();
  const size = { items: 120, sharedPaths: 8, users: 12, levels: 3, codesPerLevel: 10 };
  const world: World = await writeWorld({
    directory: directory(),
    ...size,
    ...{ layers: 2, width: 16, heads: 2, maxItems: 5 },
  });
  out = join(directory(), "out");
  const { target, catalogue, histories } = world;
  const models = ["--target", target, "--catalogue", catalogue];
  await succeed(
    "recommend",
    ...models,
    "--histories",
    histories,
    "--out",
    out,
    "--top-k",
    "5",
    "--beam-width",
    "5",
  );
  const list = (await all(readRecommendations(out)))[3];
  user = list?.user ?? "";
  expected = JSON.stringify({
    items: list?.items.map(({ item }) => item),
    scores: list?.items.map(({ score }) => score),
  });
});

/** Publishes, and reads one list and no list with the reader in TypeScript and in Python. */
async function readBack(kind: string, to: string, ...where: readonly string[]): Promise<void> {
  const { stdout } = await succeed("publish", out, "--to", to, "--scores");
  expect(stdout).toMatch(
    /readers now see \d{8}T\d{6}Z-[0-9a-f]{8} \(12 lists\)\. Before, they saw nothing\.\n$/,
  );
  const readers = [
    [process.execPath, join(examples, "dist", "published", `from-${kind}.js`)],
    ...(python === undefined ? [] : [[python, join(examples, "published", `from_${kind}.py`)]]),
  ] as const;
  for (const [program = "", script = ""] of readers) {
    const read = async (name: string) =>
      (await run(program, [script, ...where, name])).stdout.trim();
    // Python writes spaces into JSON.
    expect(JSON.stringify(JSON.parse(await read(user)))).toBe(expected);
    expect(await read("nobody")).toBe("null");
  }
}

describe("the readers of published lists", () => {
  it("read files", async () => {
    const to = join(directory(), "published");
    await readBack("files", to, to);
  });

  it("read S3", async (context) => {
    const server = await startMoto("lists");
    if (server === undefined) return context.skip();
    for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
    await readBack("s3", "s3://lists/shop", "lists", "shop");
    vi.unstubAllEnvs();
    await server.stop();
  });

  it.skipIf(!redisIsHere())("read Redis", async () => {
    const { url, stop } = await startRedis();
    await readBack("redis", url, url);
    await stop();
  });

  it.skipIf(!postgresIsHere())("read PostgreSQL", async () => {
    const { url, stop } = await startPostgres();
    await readBack("postgres", url, url);
    await stop();
  });

  it("have at most 20 lines", () => {
    const files = [join(examples, "src", "published"), join(examples, "published")].flatMap(
      (folder) =>
        readdirSync(folder)
          .filter((name) => name.startsWith("from"))
          .map((name) => join(folder, name)),
    );
    expect(files).toHaveLength(8);
    for (const file of files) {
      expect(readFileSync(file, "utf8").trim().split("\n").length).toBeLessThanOrEqual(20);
    }
  });
});
