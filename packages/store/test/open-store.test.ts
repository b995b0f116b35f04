import { spawnSync } from "node:child_process";
import { useTempDirs } from "@nightbeam/testing";
import { startS3 } from "@nightbeam/testing/s3";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseLocation } from "../src/location.js";
import { openStore } from "../src/open-store.js";

const tempDir = useTempDirs();
afterEach(() => {
  vi.unstubAllEnvs();
});

describe("a location", () => {
  it("is a directory or a bucket", () => {
    expect(parseLocation("/runs/x")).toEqual({ kind: "directory", path: "/runs/x" });
    expect(parseLocation("s3://b-1/a//b/")).toEqual({ kind: "s3", bucket: "b-1", prefix: "a/b" });
    expect(parseLocation("s3://b-1")).toEqual({ kind: "s3", bucket: "b-1", prefix: "" });
  });

  it.each(["", " ", "gs://bucket/x", "s3://", "s3://Upper/x", "s3:///x"])(
    "is not %j",
    (location) => {
      expect(() => parseLocation(location)).toThrow(
        expect.objectContaining({ code: "BAD_LOCATION" }),
      );
    },
  );
});

describe("opening a store", () => {
  it("in a directory", async () => {
    const dir = tempDir();
    const store = await openStore(`${dir}/`);
    expect(store.location).toBe(dir);
    expect(await store.create("a", new Uint8Array([1]))).toBe(true);
    store.close();
  });

  it("in a bucket takes endpoint and credentials from the SDK's variables", async () => {
    const server = await startS3("nights");
    const variables = {
      AWS_ENDPOINT_URL: server.endpoint,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    };
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    const store = await openStore("s3://nights/2026/11");
    try {
      expect(store.location).toBe("s3://nights/2026/11");
      expect(await store.create("a", new Uint8Array([1]))).toBe(true);
      expect([...server.objects.keys()]).toEqual(["2026/11/a"]);
    } finally {
      store.close();
      await server.stop();
    }
  });

  it("in a directory does not load the SDK", () => {
    // The SDK is CommonJS, so that what is loaded of it is in the cache of require.
    const script = `
      import { createRequire } from "node:module";
      import { openStore } from "@nightbeam/store";
      const loaded = () =>
        Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes("@aws-sdk"));
      await (await openStore(process.argv[1])).list("");
      const before = loaded();
      (await openStore("s3://nights/x")).close();
      process.stdout.write(JSON.stringify([before, loaded()]));
    `;
    const args = ["--input-type=module", "-e", script, tempDir()];
    const done = spawnSync(process.execPath, args, { cwd: import.meta.dirname, encoding: "utf8" });
    expect(JSON.parse(done.stdout)).toEqual([false, true]);
  });
});
