import type { Catalogue } from "@nightbeam/catalogue";
import type { HistoryRow, Recommendation, TeacherExample } from "@nightbeam/dataset";
import { type BatchDecoder, decodeShard, type SearchOutcome } from "@nightbeam/decoding";
import type { PartResult, RunStats } from "@nightbeam/run";
import { type AnswersOptions, KnownAnswers } from "../reuse/known-answers.js";
import { acceptanceStats } from "./acceptance-stats.js";
import { expandItems, type ListRules } from "./expand-items.js";
import { rowStats } from "./row-stats.js";
import { type SearchSample, sampleSearches } from "./sample-searches.js";
import { sampleUsers } from "./sample-users.js";
import type { Reading, ReadyUser } from "./users.js";

export interface RowsOptions extends ListRules {
  readonly decoder: BatchDecoder;
  readonly catalogue: Catalogue;
  readonly read: (row: HistoryRow) => Reading;
  readonly batchSize: number;
  readonly concurrency: number;
  readonly nextKey: () => number;
  readonly onProgress: (batch: { users: number; outcomes: readonly SearchOutcome[] }) => void;
  readonly signal: AbortSignal;
  /** Share of the users whose answers of the target are collected. Default: none. */
  readonly teacherSample?: number | undefined;
  /** Users whose searches are recorded, and how they were searched. Default: none. */
  readonly searchSample?: Omit<SearchSample, "catalogue"> | undefined;
  /** What is kept for later runs, and taken from an earlier one. Default: nothing. */
  readonly answers?: AnswersOptions | undefined;
}

/** The rows' lists, and what the target answered about the sampled users. */
export interface DecodedRows {
  readonly result: Omit<PartResult, "index" | "recommendations"> & {
    /** In the order of the rows that were not rejected. */
    readonly recommendations: readonly Recommendation[];
  };
  readonly examples: readonly TeacherExample[];
}

/** Decodes the rows of a shard. Rows that cannot be decoded are returned with a reason. */
export async function decodeRows(
  rows: readonly HistoryRow[],
  options: RowsOptions,
): Promise<DecodedRows> {
  const readings = rows.map(options.read);
  const users = readings.flatMap((reading) => (reading.kind === "user" ? reading.user : []));
  const rejected = readings.flatMap((one) => (one.kind === "rejected" ? one.rejected : []));
  options.onProgress({ users: rejected.length, outcomes: [] });
  const { teacherSample, searchSample, catalogue, answers } = options;
  const known =
    answers === undefined
      ? undefined
      : new KnownAnswers(users, { ...answers, trie: catalogue.trie });
  const pending = known?.searched ?? users;
  options.onProgress({ users: users.length - pending.length, outcomes: [] });
  const recorded =
    searchSample === undefined
      ? undefined
      : sampleSearches(pending, { ...searchSample, catalogue });
  const watched = recorded?.users ?? pending;
  const sampled =
    teacherSample === undefined
      ? undefined
      : sampleUsers(watched, { share: teacherSample, catalogue });
  const { outcomes: found, searched } = await decodeShard(sampled?.users ?? watched, options);
  const outcomes = known?.outcomes(found) ?? found;
  const listed = outcomes.flatMap((outcome, at) => {
    const list = recommendation(users[at], outcome, options);
    return list === undefined ? [] : [{ list, outcome }];
  });
  const examples = sampled?.examples() ?? [];
  const logged = sampled === undefined ? {} : { teacherExamples: examples.length };
  const proposed = outcomes.some(({ acceptance }) => acceptance !== undefined);
  const accepted = proposed ? acceptanceStats(listed, options) : {};
  const recommendations = listed.map(({ list }) => list);
  const emptyLists = recommendations.filter(({ items }) => items.length === 0).length;
  const stats = {
    emptyLists,
    ...searchStats(searched),
    ...accepted,
    ...logged,
    ...known?.stats,
    ...rowStats(users, rejected),
  };
  const ownLists = recommendations.filter((_, at) => known?.isKnown(at) !== true);
  const searches = recorded?.records(ownLists);
  return {
    result: {
      ...{ rowCount: rows.length, recommendations, rejected, stats, searches },
      answers: known?.kept(),
    },
    examples,
  };
}

function recommendation(
  user: ReadyUser | undefined,
  { beams, acceptance }: SearchOutcome,
  options: RowsOptions,
): Recommendation | undefined {
  if (user === undefined) return undefined;
  const { catalogue, topK, itemWeights, itemsPerPath } = options;
  const first = acceptance?.accepted ?? new Set();
  return {
    user: user.name,
    items: expandItems(catalogue, {
      ...{ beams, exclusion: user.exclusion, first },
      ...{ topK, itemWeights, itemsPerPath },
    }),
  };
}

/** Sums over a shard's searches. Users with the same question share one search. */
function searchStats(searched: readonly SearchOutcome[]): RunStats {
  const stats = {
    searches: searched.length,
    targetCalls: 0,
    nodes: 0,
    tokens: 0,
    acceptedSteps: 0,
    firstCallAcceptedSteps: 0,
  };
  for (const { cost } of searched) {
    stats.targetCalls += cost.calls;
    stats.nodes += cost.nodes;
    stats.tokens += cost.tokens;
    stats.acceptedSteps += cost.acceptedSteps;
    stats.firstCallAcceptedSteps += cost.firstCallAcceptedSteps;
  }
  return stats;
}
