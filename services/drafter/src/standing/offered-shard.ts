import { JOBS } from "@nightbeam/queue";
import { z } from "zod";
import type { OfferedShard } from "./shard-policy.js";

/** The fields that a policy needs, whatever else a newer version has added. */
const offered = z.object(JOBS.shard.data.shape).pick({
  runId: true,
  index: true,
  location: true,
  failures: true,
  dueAt: true,
});

/** What a job says about its shard; undefined if its data cannot be used at all. */
export function offeredShard(data: unknown): OfferedShard | undefined {
  return offered.safeParse(data).data;
}
