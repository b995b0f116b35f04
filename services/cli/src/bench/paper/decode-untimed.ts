import {
  type BatchDecoder,
  decodeShard,
  type ShardOutcome,
  type ShardUser,
} from "@nightbeam/decoding";
import { batchesAtOnce } from "@nightbeam/recommend";
import type { Paper } from "./paper.js";

/** Users that share a call where no time is taken. */
const BATCH = 32;

/** Decodes users where only lists and counts matter. */
export function decodeUntimed(
  { options, nextKey }: Pick<Paper, "options" | "nextKey">,
  work: { users: readonly ShardUser[]; decoder: BatchDecoder },
): Promise<ShardOutcome> {
  const { users, decoder } = work;
  const concurrency = batchesAtOnce(options);
  return decodeShard(users, { decoder, batchSize: BATCH, concurrency, nextKey });
}
