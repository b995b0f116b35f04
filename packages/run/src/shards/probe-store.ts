import { randomUUID } from "node:crypto";
import type { ShardStore } from "@nightbeam/store";
import { RunError } from "../errors.js";

/**
 * Checks that a store can be written, and that it never replaces a file that must be created: shards are committed
 * once because of that. Some S3 servers ignore If-None-Match.
 *
 * @throws RunError BAD_REQUEST; StoreError STORE_FAILED
 */
export async function probeStore(store: ShardStore): Promise<void> {
  const name = `probe-${randomUUID()}.json`;
  const bytes = new TextEncoder().encode("{}\n");
  const first = await store.create(name, bytes);
  try {
    if (first && !(await store.create(name, bytes))) return;
  } finally {
    await store.remove(name);
  }
  throw new RunError(
    "BAD_REQUEST",
    `${store.location} replaces files that exist although it is asked not to (If-None-Match: *), so a shard could ` +
      "be committed twice. Use a store that supports conditional writes, such as AWS S3 or a recent MinIO.",
  );
}
