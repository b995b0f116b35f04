/** What a run counts and measures. */
export interface Figure {
  readonly unit: string;
  /**
   * How the run's value follows from its parts. `sum`: parts state it and it adds up. `derived`: only
   * a complete run has it, computed from sums. `sum, then mean`: parts state a sum, and the manifest of
   * a complete run has the mean per search under the same name.
   */
  readonly total: "sum" | "derived" | "sum, then mean";
  readonly meaning: string;
}

/**
 * All statistics of a run by the names that commit records, manifest.json and the HTTP API use. One
 * more family is not in the table, because its names hold a number: `candidatesAbove-9`,
 * `newCandidatesAbove-9` and so on, see `candidate-histogram.ts`. Names that are not here come from other versions; they are kept and summed.
 *
 * @public to list the figures in docs and dashboards
 */
export const FIGURES = {
  emptyLists: {
    unit: "lists",
    total: "sum",
    meaning:
      "Users whose list is empty: everything was excluded. The flat layout has no row for them",
  },
  reusedUsers: {
    unit: "users",
    total: "sum",
    meaning: "Users whose list was taken from an earlier run, without a search",
  },
  computedNew: {
    unit: "users",
    total: "sum",
    meaning: "Users who were searched because the earlier run had no answer of theirs",
  },
  computedChanged: {
    unit: "users",
    total: "sum",
    meaning: "Users who were searched because their prompt or what they must not get changed",
  },
  computedCatalogue: {
    unit: "users",
    total: "sum",
    meaning:
      "Users who were searched because the catalogue changed, and it is not certain that their list is the same",
  },
  searches: {
    unit: "searches",
    total: "sum",
    meaning: "Searches run; users with the same question share one",
  },
  targetCalls: { unit: "calls", total: "sum", meaning: "Target calls, added up over the searches" },
  nodes: {
    unit: "nodes",
    total: "sum",
    meaning: "Prefixes whose children the target was asked for, the prompt itself not counted",
  },
  tokens: {
    unit: "tokens",
    total: "sum",
    meaning: "Rows that the target computed: prompt tokens and nodes, recomputed ones included",
  },
  acceptedSteps: {
    unit: "steps",
    total: "sum",
    meaning: "Drafted search steps that target calls accepted",
  },
  candidates: {
    unit: "items",
    total: "sum",
    meaning: "Code paths proposed by other sources that the user may get",
  },
  checkedCandidates: {
    unit: "items",
    total: "sum",
    meaning: "Those of them that the target scored",
  },
  newCandidates: {
    unit: "items",
    total: "sum",
    meaning: "Scored candidates that the target was not trained on",
  },
  acceptedItems: {
    unit: "items",
    total: "sum",
    meaning: "Items that are in a list because they were accepted",
  },
  acceptedNewItems: {
    unit: "items",
    total: "sum",
    meaning: "Those of them that the target was not trained on",
  },
  acceptingLists: { unit: "lists", total: "sum", meaning: "Lists with at least one accepted item" },
  ownLists: { unit: "lists", total: "sum", meaning: "Lists of the target's own search" },
  ownLastScores: {
    unit: "nats",
    total: "sum",
    meaning: "Scores of the last path of each such list, added up",
  },
  teacherExamples: { unit: "users", total: "sum", meaning: "Users written to the teacher data" },
  skippedItems: {
    unit: "items",
    total: "sum",
    meaning: "Items of histories that were skipped, because the catalogue lacks them",
  },
  skippingUsers: { unit: "users", total: "sum", meaning: "Users with skipped items" },
  rejectedMalformed: { unit: "rows", total: "sum", meaning: "Rows rejected: they cannot be read" },
  rejectedEmpty: { unit: "rows", total: "sum", meaning: "Rows rejected: the history has no items" },
  rejectedDuplicate: {
    unit: "rows",
    total: "sum",
    meaning: "Rows rejected: their user has several rows, and another one counts, or none",
  },
  rejectedUnknown: {
    unit: "rows",
    total: "sum",
    meaning:
      "Rows rejected: the catalogue lacks one of their items, or all if unknown items are skipped",
  },
  rejectedTooLong: {
    unit: "rows",
    total: "sum",
    meaning: "Rows rejected: their prompt is longer than the model takes",
  },
  rejectedGroup: {
    unit: "rows",
    total: "sum",
    meaning: "Rows rejected: it is not known what the user's groups allow, or they allow nothing",
  },
  verifyCalls: { unit: "calls", total: "sum", meaning: "Calls that verifiers answered" },
  verifyRetries: { unit: "calls", total: "sum", meaning: "Calls that were tried again" },
  audits: {
    unit: "calls",
    total: "sum",
    meaning: "Calls that were asked again of a second verifier, and compared",
  },
  auditsDiffering: {
    unit: "calls",
    total: "sum",
    meaning: "Audited calls that the second verifier answered differently",
  },
  requestBytes: { unit: "bytes", total: "sum", meaning: "Bytes sent to verifiers" },
  responseBytes: { unit: "bytes", total: "sum", meaning: "Bytes received from verifiers" },
  queueMs: {
    unit: "ms",
    total: "sum",
    meaning: "Time that calls waited in verifiers for a place in a batch",
  },
  batchWaitMs: {
    unit: "ms",
    total: "sum",
    meaning: "Time that calls waited in a batch until the model started",
  },
  computeMs: { unit: "ms", total: "sum", meaning: "Time that verifiers computed, per call" },
  networkMs: {
    unit: "ms",
    total: "sum",
    meaning: "The rest of the round trips: network, packing, event loops",
  },
  verifierSeconds: {
    unit: "s",
    total: "sum",
    meaning:
      "Seconds of verifiers that the calls cost, audits included: of a pass for several calls, a part each",
  },
  drafterSeconds: {
    unit: "s",
    total: "sum",
    meaning:
      "Seconds of drafters that the shards cost: of those that a drafter works on at the same time, a part each",
  },
  busySeconds: { unit: "s", total: "sum", meaning: "Time from start to end of each shard" },
  wallSeconds: {
    unit: "s",
    total: "sum",
    meaning: "Time that the run took; in a cluster, from its submission to its manifest",
  },
  callsPerUser: { unit: "calls", total: "derived", meaning: "Target calls per search" },
  nodesPerUser: { unit: "nodes", total: "derived", meaning: "Tree nodes per search" },
  tokensPerUser: { unit: "tokens", total: "derived", meaning: "Tokens per search" },
  firstCallAcceptedSteps: {
    unit: "steps",
    total: "sum, then mean",
    meaning: "Accepted steps of the first target call of each search",
  },
  usersPerSecond: { unit: "users/s", total: "derived", meaning: "Lists written per wall second" },
  ownLastScore: {
    unit: "nats",
    total: "derived",
    meaning: "Mean score of the last path of the lists of the target's own search",
  },
} as const satisfies Readonly<Record<string, Figure>>;

/** The name of a figure. */
export type FigureName = keyof typeof FIGURES;
