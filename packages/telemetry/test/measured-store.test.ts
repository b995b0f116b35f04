import { openStore } from "@nightbeam/store";
import { useTempDir } from "@nightbeam/testing";
import { expect, it } from "vitest";
import { measuredStore } from "../src/metrics/measured-store.js";

const directory = useTempDir();

it("measures the operations of a store, and leaves their results as they are", async () => {
  const seen: string[] = [];
  const store = measuredStore(await openStore(directory()), {
    add: () => undefined,
    record: (_name, seconds, ...labels) => {
      expect(seconds).toBeGreaterThanOrEqual(0);
      seen.push(Object.values({ ...labels[0] }).join(" "));
    },
  });
  const bytes = new TextEncoder().encode("lists");
  expect(await store.create("a/part", bytes)).toBe(true);
  expect(await store.create("a/part", bytes)).toBe(false);
  expect(Buffer.from((await store.read("a/part")) ?? []).toString()).toBe("lists");
  expect(await store.list("a/")).toEqual(["a/part"]);
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.open("a/part")) chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe("lists");
  await expect(store.read("../outside")).rejects.toMatchObject({ code: "BAD_NAME" });
  expect(seen).toEqual([
    ...["create ok", "create ok", "read ok", "list ok", "open ok", "read failed"],
  ]);
  store.close();
});
