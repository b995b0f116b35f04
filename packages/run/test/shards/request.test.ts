import { join } from "node:path";
import { parseRunRequest } from "@nightbeam/settings";
import { directoryStore } from "@nightbeam/store";
import { useTempDirs } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { createRequest, readRequest, replaceRequest } from "../../src/shards/request.js";
import { runIdOf } from "../../src/shards/run-id.js";
import { request } from "./support.js";

const tempDir = useTempDirs();
const LEAST = { target: "t", catalogue: "c", histories: "h", out: "/runs/x" };
const RELAXED = { verification: "relaxed", draft: ["d"], draftWidth: [40] };

describe("a request", () => {
  it("has the defaults of one machine, except for smaller parts", () => {
    expect(parseRunRequest(LEAST)).toEqual({
      ...LEAST,
      draft: [],
      topK: 10,
      beamWidth: 20,
      scoring: "full",
      precision: "fp32",
      draftWidth: "auto",
      excludeSeen: false,
      unknownItems: "skip",
      duplicateUsers: "last",
      format: "parquet",
      layout: "nested",
      batchSize: 32,
      partSize: 256,
    });
    expect(parseRunRequest({ ...LEAST, topK: 50 }).beamWidth).toBe(50);
    expect(parseRunRequest({ ...LEAST, out: "s3://nights/x" }).out).toBe("s3://nights/x");
  });

  it("is the same when it is parsed again", () => {
    const once = parseRunRequest({ ...LEAST, topK: 30, draft: ["d"], draftWidth: [60, 40] });
    expect(parseRunRequest(JSON.parse(JSON.stringify(once)))).toEqual(once);
  });

  it("has all settings of drawn lists, and none for strict lists", () => {
    const strict = parseRunRequest({ ...LEAST, verification: "strict" });
    expect(strict).toEqual(parseRunRequest(LEAST));
    const sampled = parseRunRequest({ ...LEAST, verification: "sampled", seed: 7 });
    const drawn = { verification: "sampled", seed: 7, temperature: 1 };
    expect(sampled).toEqual({ ...strict, ...drawn, beamWidth: 10 });
    const drafting = { draft: ["d"], draftWidth: [40] };
    const relaxed = parseRunRequest({ ...LEAST, ...drafting, verification: "relaxed" });
    const how = { verification: "relaxed", seed: 0, temperature: 1, drafted: "sampled" };
    expect(relaxed).toEqual({ ...strict, ...drafting, ...how });
    for (const one of [sampled, relaxed]) {
      expect(parseRunRequest(JSON.parse(JSON.stringify(one)))).toEqual(one);
    }
  });

  it.each([
    [{ topK: 0 }, "`topK`: give a whole number of at least 1"],
    [{ topK: "ten" }, "`topK`: give a whole number of at least 1"],
    [{ topK: 30, beamWidth: 20 }, "`beamWidth` 20 is less than `topK` 30"],
    [{ target: undefined, out: "here" }, "`target`: is required; `out`: give an absolute path"],
    [
      { out: "gs://x/y" },
      "`out`: give an absolute path that all nodes share, or s3://bucket/prefix",
    ],
    [{ histories: " " }, "`histories`: give a text that is not empty"],
    [{ scoring: "sampled" }, "`scoring`: give full or renormalized"],
    [{ draftWidth: [4] }, "`draftWidth` needs a `draft`"],
    [{ draft: ["d"], draftWidth: [] }, "`draftWidth`: give auto, one width, or"],
    [{ verification: "lax" }, "`verification`: give strict, sampled or relaxed"],
    [{ seed: 7 }, "`seed` needs `verification` sampled or relaxed"],
    [{ verification: "sampled", seed: -1 }, "`seed`: give a whole number of at least 0"],
    [{ verification: "sampled", temperature: 0 }, "`temperature`: give a number above 0"],
    [{ verification: "sampled", drafted: "beam" }, "`drafted` needs `verification` relaxed"],
    [{ ...RELAXED, draftWidth: "auto" }, "`verification` relaxed needs a `draftWidth` in numbers"],
    [{ ...RELAXED, draft: ["d", "e"] }, "`verification` relaxed takes one `draft`"],
    [{ ...RELAXED, draft: ["previous:/p"] }, "relaxed cannot draw from `draft` previous:/p"],
    [{ ...RELAXED, draft: ["transitions"], block: "/b" }, "`draft` transitions takes no `block`"],
    [{ ...RELAXED, draft: ["retrieval"], allow: "/a" }, "`draft` retrieval takes no `allow`"],
    [{ draft: ["d", 5] }, "`draft[1]`: give a text"],
    [{ top_k: 5 }, "unknown: top_k"],
  ])("that is wrong says which key and what to give: %j", (changes, message) => {
    expect(() => parseRunRequest({ ...LEAST, ...changes })).toThrow(
      expect.objectContaining({ code: "BAD_REQUEST", message: expect.stringContaining(message) }),
    );
  });

  it.each([undefined, null, "run", []])("that is not an object is refused: %j", (value) => {
    expect(() => parseRunRequest(value)).toThrow(expect.objectContaining({ code: "BAD_REQUEST" }));
  });

  it("stays as it was first written, until it is replaced", async () => {
    const store = directoryStore(join(tempDir(), "out"));
    expect(await readRequest(store)).toBeUndefined();
    const first = { request: request(), submittedAt: new Date("2026-11-03T01:00:00Z") };
    const second = { request: request({ batchSize: 8 }), submittedAt: new Date() };
    expect(await createRequest(store, first)).toEqual({ ...first, created: true });
    expect(await createRequest(store, second)).toEqual({ ...first, created: false });
    await replaceRequest(store, second);
    expect(await readRequest(store)).toEqual(second);
    await store.replace("request.json", new TextEncoder().encode("{"));
    await expect(readRequest(store)).rejects.toMatchObject({ code: "STORE_DAMAGED" });
  });
});

describe("a location without a request", () => {
  it.each(["plan.json", "manifest.json"])(
    "belongs to a run on one machine if it has a %s",
    async (name) => {
      const store = directoryStore(join(tempDir(), "out"));
      await store.create(name, new TextEncoder().encode("{}"));
      const submitted = { request: request(), submittedAt: new Date() };
      await expect(createRequest(store, submitted)).rejects.toMatchObject({
        code: "OUT_TAKEN",
        message: expect.stringMatching(/made\. Name another --out\.$/),
      });
      expect(await readRequest(store)).toBeUndefined();
    },
  );

  it("is free if it has neither, and belongs to its request after planning", async () => {
    const store = directoryStore(join(tempDir(), "out"));
    const submitted = { request: request(), submittedAt: new Date() };
    await createRequest(store, submitted);
    await store.create("plan.json", new TextEncoder().encode("{}"));
    expect(await createRequest(store, submitted)).toMatchObject({ created: false });
  });
});

describe("the id of a run", () => {
  it("is readable, and depends on the location alone", () => {
    expect(runIdOf("/data/out/night-2026-11-03/")).toMatch(/^night-2026-11-03-[0-9a-f]{6}$/);
    expect(runIdOf("/data/out/../out/x")).toBe(runIdOf("/data/out/x"));
    expect(runIdOf("s3://b-1/runs//x/")).toBe(runIdOf("s3://b-1/runs/x"));
    expect(runIdOf("s3://b-1/x")).not.toBe(runIdOf("s3://b-2/x"));
    expect(runIdOf("/runs/Nacht: Größe")).toMatch(/^Nacht-Gr-e-[0-9a-f]{6}$/);
    expect(runIdOf("/")).toMatch(/^run-/);
  });
});
