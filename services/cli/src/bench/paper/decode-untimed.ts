import {
  type Decoder,
  decodeShard,
  type ShardOptions,
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
  work: { users: readonly ShardUser[]; decoder: Decoder; decode?: ShardOptions["decode"] },
): Promise<ShardOutcome> {
  const { users, decoder, decode } = work;
  const concurrency = batchesAtOnce(options);
  return decodeShard(users, { decoder, decode, batchSize: BATCH, concurrency, nextKey });
}
