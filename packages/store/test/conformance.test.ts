import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { useTempDirs } from "@nightbeam/testing";
import { type S3Server, s3Client, startS3 } from "@nightbeam/testing/s3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { directoryStore } from "../src/directory-store.js";
import { s3Store } from "../src/s3-store.js";
import type { ShardStore } from "../src/shard-store.js";

const BUCKET = "nights";
const tempDir = useTempDirs();
let server: S3Server;
beforeAll(async () => {
  server = await startS3(BUCKET);
});
afterAll(() => server.stop());

let stores = 0;
const KINDS: readonly (readonly [string, () => ShardStore])[] = [
  ["a directory", () => directoryStore(join(tempDir(), "deep", "run"))],
  [
    "a bucket",
    () => s3Store({ client: s3Client(server), bucket: BUCKET, prefix: `run ${stores++}/a&b<c` }),
  ],
];

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = async (store: ShardStore, name: string) => {
  const content = await store.read(name);
  return content === undefined ? undefined : new TextDecoder().decode(content);
};

describe.each(KINDS)("a store in %s", (_, open) => {
  it("has nothing at first", async () => {
    const store = open();
    expect(await store.read("plan.json")).toBeUndefined();
    expect(await store.list("")).toEqual([]);
    expect(await store.list("parts/")).toEqual([]);
    await store.remove("plan.json");
    await store.removeLeftovers();
    await expect(chunks(store, "plan.json")).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  });

  it("keeps the first file that is created, and tells each caller whether it was theirs", async () => {
    const store = open();
    const texts = Array.from({ length: 12 }, (_, index) => `${index}`);
    const made = await Promise.all(
      texts.map((text) => store.create("commits/one.json", bytes(text))),
    );
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(await textOf(store, "commits/one.json")).toBe(texts[made.indexOf(true)]);
    expect(await store.create("commits/one.json", bytes("late"))).toBe(false);
    await store.remove("commits/one.json");
    expect(await store.create("commits/one.json", bytes("again"))).toBe(true);
  });

  it("replaces", async () => {
    const store = open();
    for (const text of ["a longer text", "b", ""]) {
      await store.replace("marks/partial.json", bytes(text));
      expect(await textOf(store, "marks/partial.json")).toBe(text);
    }
  });

  it("takes files and streams them out", async () => {
    const store = open();
    const local = join(tempDir(), "part");
    for (const content of [new Uint8Array(), Buffer.alloc(3_000_000, "night")]) {
      writeFileSync(local, content);
      await store.putFile("parts/part-00000.a1-00.parquet", local);
      const whole = await chunks(store, "parts/part-00000.a1-00.parquet");
      expect(Buffer.compare(whole, content)).toBe(0);
    }
    await expect(store.putFile("parts/none", join(tempDir(), "none"))).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
    expect(await store.list("parts/")).toEqual(["parts/part-00000.a1-00.parquet"]);
  });

  it("lists names by prefix, in order, across pages and folders", async () => {
    const store = open();
    const parts = Array.from({ length: 8 }, (_, index) => `commits/part-0000${index}.json`);
    const names = ["commits/other", "commitsx", ...parts, "a/b/c"];
    await Promise.all(names.map((name) => store.create(name, bytes(name))));
    expect(await store.list("commits/part-")).toEqual(parts);
    expect(await store.list("commits")).toEqual(["commits/other", ...parts, "commitsx"]);
    expect(await store.list("a/")).toEqual(["a/b/c"]);
    expect(await store.list("")).toEqual([...names].sort());
    expect(await store.list("nothing/at/all")).toEqual([]);
  });

  it("can be closed in the middle of a stream", async () => {
    const store = open();
    await store.replace("big", new Uint8Array(2_000_000));
    for await (const chunk of store.open("big")) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect((await chunks(store, "big")).length).toBe(2_000_000);
  });

  it.each([
    "../plan.json",
    "/etc/passwd",
    "a/../../b",
    "",
    "a//b",
    "a/",
    ".hidden",
    "a/.b.tmp",
    "a\0b",
  ])("refuses the name %j", async (name) => {
    const store = open();
    const refusal = { code: "BAD_NAME" };
    await expect(store.read(name)).rejects.toMatchObject(refusal);
    await expect(store.create(name, bytes(""))).rejects.toMatchObject(refusal);
    await expect(store.replace(name, bytes(""))).rejects.toMatchObject(refusal);
    await expect(store.putFile(name, "none")).rejects.toMatchObject(refusal);
    await expect(store.remove(name)).rejects.toMatchObject(refusal);
    await expect(chunks(store, name)).rejects.toMatchObject(refusal);
    if (name !== "" && name !== "a/") {
      await expect(store.list(name)).rejects.toMatchObject(refusal);
    }
  });
});

describe("a directory", () => {
  it("does not list leftovers of interrupted writes, and removes them on request", async () => {
    const dir = tempDir();
    const store = directoryStore(dir);
    await store.create("commits/part-00000.json", bytes("{}"));
    writeFileSync(join(dir, "commits", ".part-00001.json.x.tmp"), "{");
    writeFileSync(join(dir, ".plan.json.y.tmp"), "{");
    expect(await store.list("")).toEqual(["commits/part-00000.json"]);
    await store.removeLeftovers();
    const left = readdirSync(dir, { recursive: true, encoding: "utf8" }).toSorted();
    expect(left).toEqual(["commits", "commits/part-00000.json"]);
  });
});

async function chunks(store: ShardStore, name: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of store.open(name)) pieces.push(piece);
  return Buffer.concat(pieces);
}
