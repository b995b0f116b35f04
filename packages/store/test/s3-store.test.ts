import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { S3Client } from "@aws-sdk/client-s3";
import { useTempDirs } from "@nightbeam/testing";
import { type S3Server, s3Client, startS3 } from "@nightbeam/testing/s3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { s3Store } from "../src/s3-store.js";
import type { ShardStore } from "../src/shard-store.js";

const tempDir = useTempDirs();
const CONFLICT = { status: 409, code: "ConditionalRequestConflict" };
const LOST = { status: 500, code: "InternalError", carriedOut: true };
const bytes = (text: string) => new TextEncoder().encode(text);

let server: S3Server;
let client: S3Client;
let store: ShardStore;
beforeEach(async () => {
  server = await startS3("nights");
  client = s3Client(server);
  store = s3Store({ client, bucket: "nights", prefix: "out" });
});
afterEach(async () => {
  client.destroy();
  await server.stop();
});

describe("creating in a bucket", () => {
  it("retries while another write is in progress", async () => {
    server.fail("PUT", CONFLICT, CONFLICT);
    expect(await store.create("plan.json", bytes("a"))).toBe(true);
    server.fail("PUT", CONFLICT);
    expect(await store.create("plan.json", bytes("b"))).toBe(false);
    expect([...server.objects.keys()]).toEqual(["out/plan.json"]);
  });

  it("recognises its own object after a lost response", async () => {
    server.fail("PUT", LOST);
    expect(await store.create("plan.json", bytes("a"))).toBe(true);
    expect(server.requests.filter((request) => request.startsWith("PUT"))).toHaveLength(2);
    server.fail("PUT", { status: 500, code: "InternalError" });
    expect(await store.create("plan.json", bytes("a"))).toBe(false);
  });
});

describe("a bucket that fails", () => {
  it("takes an upload again from the start", async () => {
    const local = join(tempDir(), "part");
    writeFileSync(local, "part");
    server.fail("PUT", { status: 503, code: "SlowDown" });
    await store.putFile("parts/one", local);
    expect(server.objects.get("out/parts/one")?.toString()).toBe("part");
  });

  it("reports the place, the cause, and that committed work is safe", async () => {
    server.fail("GET", { status: 403, code: "AccessDenied" });
    await expect(store.read("plan.json")).rejects.toMatchObject({
      code: "STORE_FAILED",
      message: expect.stringMatching(/s3:\/\/nights\/out\/plan\.json: AccessDenied\. /),
    });
    const elsewhere = s3Store({ client, bucket: "days", prefix: "" });
    await expect(elsewhere.read("plan.json")).rejects.toMatchObject({ code: "STORE_FAILED" });
    await expect(elsewhere.list("")).rejects.toMatchObject({ code: "STORE_FAILED" });
  });
});
