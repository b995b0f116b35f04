import { readdirSync } from "node:fs";
import { directoryStore } from "@nightbeam/store";
import { useTempDirs } from "@nightbeam/testing";
import { expect, it } from "vitest";
import { probeStore } from "../../src/shards/probe-store.js";

const tempDir = useTempDirs();

it("refuses a store that replaces what it must create, and leaves nothing in others", async () => {
  const dir = tempDir();
  const store = directoryStore(dir);
  await probeStore(store);
  const replacing = {
    ...store,
    create: async (name: string, bytes: Uint8Array) => {
      await store.replace(name, bytes);
      return true;
    },
  };
  await expect(probeStore(replacing)).rejects.toMatchObject({
    code: "BAD_REQUEST",
    message: expect.stringContaining("If-None-Match"),
  });
  expect(readdirSync(dir)).toEqual([]);
});
