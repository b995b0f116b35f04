import {
  type BatchDecoder,
  decodeShard,
  type ShardOutcome,
  type ShardUser,
} from "@nightbeam/decoding";
import { batchesAtOnce } from "@nightbeam/recommend";
import type { PaperOptions } from "./options.js";

/** Users that share a call. */
const BATCH_SIZE = 32;

/** Decodes users for their lists and counts alone, in batches of their own size: no time is measured. */
export function decodeUntimed(
  { options, nextKey }: { options: PaperOptions; nextKey: () => number },
  work: { users: readonly ShardUser[]; decoder: BatchDecoder },
): Promise<ShardOutcome> {
  const { users, decoder } = work;
  const concurrency = batchesAtOnce(options);
  return decodeShard(users, { decoder, batchSize: BATCH_SIZE, concurrency, nextKey });
}
