import { resolve } from "node:path";
import type { SubmitBody } from "@nightbeam/scheduler/api";
import { oneOf, parseOptions, wholeNumber, withRequired, words } from "@nightbeam/service";
import { checkRelaxed, DRAFT_FORMS, draftAt, verificationOf } from "@nightbeam/settings";
import type { Command } from "commander";
import { z } from "zod";
import { withLists } from "../recommend/list-options.js";
import { recommendSchema } from "../recommend/options.js";

const { draftWidth, excludeSeen, seed, temperature, drafted } = recommendSchema.shape;

/** The options of `submit` and of `nights put`: those of `recommend` that a cluster's run has. */
const schema = z.object({
  target: z.string(),
  draft: words.default([]),
  catalogue: z.string(),
  histories: z.string(),
  out: z.string(),
  topK: wholeNumber(1).optional(),
  beamWidth: wholeNumber(1).optional(),
  scoring: oneOf(["full", "renormalized"]).optional(),
  verification: oneOf(["strict", "sampled", "relaxed"]).optional(),
  seed,
  temperature,
  drafted,
  draftWidth,
  excludeSeen,
  allow: z.string().optional(),
  block: z.string().optional(),
  format: oneOf(["parquet", "jsonl"]).optional(),
  precision: oneOf(["fp32", "int8"]).optional(),
  limit: wholeNumber(1).optional(),
  batchSize: wholeNumber(1).optional(),
  partSize: wholeNumber(1).optional(),
});

export function withRequest(command: Command): Command {
  const places = command
    .option("--target <dir>", "the large model, as the verifiers hold it; or rollout:NAME")
    .option("--draft <name...>", `what guesses ahead: ${DRAFT_FORMS}, or rollout:NAME`)
    .option("--catalogue <file>", "items and their codes, or rollout:NAME")
    .option("--histories <file>", "users and their items: JSONL, Parquet, CSV, or events")
    .option("--out <place>", "where the lists go: a directory that all nodes share, or s3://…");
  return withRequired(
    withLists(places).option(
      "--part-size <n>",
      "users of a shard, which is redone when a node is lost (default 256)",
    ),
    schema,
  );
}

/**
 * Flags as a request. Paths are made absolute: the scheduler and the drafters have other working
 * directories.
 *
 * @throws UsageError BAD_OPTION; RecommendError BAD_VERIFICATION, BAD_DRAFT; each names the flag
 */
export function requestOf(flags: Record<string, unknown>): SubmitBody {
  const options = parseOptions(schema, flags);
  const { allow, block, topK, beamWidth, limit, batchSize, partSize } = options;
  const { scoring, format, precision, verification, seed, temperature, drafted } = options;
  // The scheduler checks it too, and more; this is told without one.
  verificationOf(options);
  checkRelaxed(options);
  return {
    target: placeOf(options.target),
    draft: options.draft.map((one) => draftAt(one, placeOf)),
    catalogue: placeOf(options.catalogue),
    histories: placeOf(options.histories),
    out: placeOf(options.out),
    draftWidth: options.draftWidth,
    excludeSeen: options.excludeSeen,
    ...(allow === undefined ? {} : { allow: placeOf(allow) }),
    ...(block === undefined ? {} : { block: placeOf(block) }),
    ...(topK === undefined ? {} : { topK }),
    ...(beamWidth === undefined ? {} : { beamWidth }),
    ...(scoring === undefined ? {} : { scoring }),
    ...(verification === undefined ? {} : { verification }),
    ...(seed === undefined ? {} : { seed }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(drafted === undefined ? {} : { drafted }),
    ...(format === undefined ? {} : { format }),
    ...(precision === undefined ? {} : { precision }),
    ...(limit === undefined ? {} : { limit }),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(partSize === undefined ? {} : { partSize }),
  };
}

/** `rollout:NAME` and `s3://…` stand for themselves. */
function placeOf(text: string): string {
  return /^(?:rollout:|[a-z][a-z0-9+.-]*:\/\/)/i.test(text) ? text : resolve(text);
}
