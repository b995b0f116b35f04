import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import type { DecodeJob } from "@nightbeam/decoding";
import {
  CostTracker,
  describeLine,
  fitLine,
  type ReadyUser,
  type TimedPass,
} from "@nightbeam/recommend";
import type { Clock } from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import type { ListEngine } from "../engine/list-engine.js";
import type { TargetSide } from "../engine/target-side.js";
import type { BatcherOptions } from "./micro-batcher.js";

/** Items per made-up history. */
const HISTORY = 20;
/** Batches per size; the fastest counts, as the others were disturbed or allocated memory. */
const TRIES = 3;
/** After this time no larger sizes are measured, if there are two. */
const LONG_ENOUGH_MS = 3_000;
/** How long a batch may take at the start. */
const BATCH_MS = 60_000;

/** Decodes a batch with a decoder of its own, by the batcher's clock. */
export function batchDecoding(
  target: Pick<TargetSide, "decoder">,
  clock: Clock,
): BatcherOptions["decode"] {
  return (jobs, { signal, deadline }) => {
    const epoch = Date.now() + deadline - clock.now();
    return target.decoder({ signal, deadline: epoch }).decode(jobs, signal);
  };
}

interface MeasuredEngine extends Pick<ListEngine, "catalogue" | "historyCatalogue" | "tokensOf"> {
  readonly target: Pick<TargetSide, "encodePrompt" | "maxPromptTokens">;
}

/**
 * Decodes made-up users in batches of doubling sizes, before requests come: memory is allocated, the draft's widths have
 * first measurements, and the time of a batch by its tokens is known.
 *
 * @throws what decoding throws
 */
export async function measureBatches(options: {
  readonly engine: MeasuredEngine;
  readonly decode: BatcherOptions["decode"];
  readonly batchSize: number;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<CostTracker> {
  const { engine, decode, batchSize, clock, log } = options;
  const passes: TimedPass[] = [];
  const startedAt = clock.now();
  let key = -1;
  for (let size = 1; size <= batchSize; size *= 2) {
    if (passes.length >= 2 && clock.now() - startedAt > LONG_ENOUGH_MS) break;
    let best: TimedPass | undefined;
    for (let tries = 0; tries < TRIES; tries++) {
      const users = Array.from({ length: size }, (_, at) => madeUpUser(engine, -key + at));
      const jobs = users.map((user): DecodeJob => ({ ...user, key: key-- }));
      const tokens = users.reduce((sum, { prompt }) => sum + engine.tokensOf(prompt.length), 0);
      // Of its own: a decoder listens to its batch's signal.
      const { signal } = new AbortController();
      const beganAt = clock.now();
      await decode(jobs, { signal, deadline: beganAt + BATCH_MS });
      const pass = { tokens, milliseconds: clock.now() - beganAt };
      if (best === undefined || pass.milliseconds < best.milliseconds) best = pass;
    }
    if (best !== undefined) passes.push(best);
  }
  const line = fitLine(passes);
  log.info({ ...line, sizes: passes.length }, `batches are measured: ${describeLine(line)}`);
  return new CostTracker(line);
}

/** Without what users of requests need: texts, groups, a name with a token. */
function madeUpUser(
  { catalogue, historyCatalogue, target }: MeasuredEngine,
  number: number,
): ReadyUser {
  const indices = Array.from(
    { length: HISTORY },
    (_, at) => (number * 7_919 + at * 104_729) % historyCatalogue.itemCount,
  );
  const items = indices.map((item) => historyCatalogue.itemId(item));
  return {
    name: `made up ${number}`,
    items,
    skipped: 0,
    prompt: target.encodePrompt(indices).subarray(0, target.maxPromptTokens),
    history: Uint32Array.from(items.flatMap((id) => catalogue.itemIndex(id) ?? [])),
    exclusion: NOTHING_EXCLUDED,
  };
}
