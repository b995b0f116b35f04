import { type Exclusion, ROOT } from "@nightbeam/catalogue";
import type { DraftPolicy } from "./drafting/draft-policy.js";
import type { Draft, Drafter } from "./drafting/drafter.js";
import type { Search } from "./search/search.js";
import { addCall, noCost, type SearchCost, type SearchOutcome } from "./search/search-cost.js";
import type { SearchSpace } from "./search/search-space.js";
import { ask, type Row, rowsOf } from "./tree/answer-rows.js";
import { type BeamTree, treeOf } from "./tree/beam-tree.js";
import { type KnownTree, knownTree } from "./tree/known-tree.js";
import type { ScoreAnswer, Scorer } from "./tree/scorer.js";
import { searchOf, type Verification } from "./verification/verification.js";
import { isWorthAsking } from "./worth-asking.js";

/** One user to be decoded. */
export interface DecodeJob {
  /** Unique among the jobs under way; equal keys must mean equal prompts. */
  readonly key: number;
  /**
   * The user's name in the histories: where lists are drawn, what is drawn depends on it; drafters may
   * have lists by name.
   */
  readonly name?: string | undefined;
  /** Token ids. Shape [tokens]. */
  readonly prompt: Int32Array;
  /** Catalogue indices of the user's items, oldest first; what the drafters count. */
  readonly history: Uint32Array;
  /** What the user must not be recommended. */
  readonly exclusion: Exclusion;
  /** Told what the target said about the user, once the search is done. Absent: nothing is kept for it. */
  readonly onKnown?: (known: KnownTree) => void;
}

/** What decodes: the same for all batches of a run. */
export interface Decoder {
  readonly target: Scorer;
  readonly drafter: Drafter;
  readonly policy: DraftPolicy;
  readonly space: Omit<SearchSpace, "exclusion" | "ranking">;
  readonly beamWidth: number;
  /** Absent: strict. */
  readonly verification?: Verification;
}

/** A user's search under way. */
export interface Walk {
  readonly job: DecodeJob;
  readonly search: Search;
  cost: SearchCost;
  /** The target's answers as they came, for `onKnown`. */
  readonly answered: Row[] | undefined;
}

/**
 * Decodes users together: every round is one call of the target for all whose search still asks.
 * The outcomes are in the order of the jobs, and each is what the verification says, whatever is
 * drafted; but a relaxed one depends on the draft.
 *
 * @throws DecodingError where a scorer breaks its contract, or a list cannot be drawn; whatever the scorers throw
 */
export function decodeBatch(
  decoder: Decoder,
  jobs: readonly DecodeJob[],
): Promise<readonly SearchOutcome[]> {
  return decodeRounds(decoder, { jobs });
}

/** Told each search that a call brought on, once it has run as far as the answer reaches. */
type AfterCall = (search: Search) => void;

/** The loop of `decodeBatch`. */
export async function decodeRounds(
  decoder: Decoder,
  { jobs, afterCall }: { jobs: readonly DecodeJob[]; afterCall?: AfterCall },
): Promise<readonly SearchOutcome[]> {
  const walks = await walkRounds(decoder, { jobs, afterCall });
  for (const { job, search, answered } of walks) {
    if (answered !== undefined) job.onKnown?.(knownTree(search, answered));
  }
  return walks.map(({ search, cost }) => ({ beams: search.state.beams, cost }));
}

/** What happens in each round. */
export interface Rounds {
  readonly afterCall?: AfterCall | undefined;
  /** Prefixes to ask about besides; those that are known or lead nowhere are passed over. Default: none. */
  readonly alsoAsk?: ((walk: Walk) => Iterable<number>) | undefined;
  /** Whether a search that asks is to be answered. Default: all are, until they are done. */
  readonly goesOn?: ((walk: Walk) => boolean) | undefined;
}

/** Calls the target until all searches are done, or need not go on; the policy is told what it cost. */
export async function walkRounds(
  decoder: Decoder,
  { jobs, ...rounds }: { jobs: readonly DecodeJob[] } & Rounds,
): Promise<readonly Walk[]> {
  const walks = jobs.map((job) => startWalk(decoder, job));
  const outlook = {
    users: jobs.length,
    promptTokens: jobs.reduce((longest, { prompt }) => Math.max(longest, prompt.length), 0),
  };
  const widths = decoder.policy.widthsFor(outlook);
  const keys = jobs.map(({ key }) => key);
  let milliseconds = 0;
  try {
    milliseconds = await searchOn(decoder, { ...rounds, walks, widths });
  } finally {
    decoder.target.release(keys);
    decoder.drafter.release(keys);
  }
  decoder.policy.observe({
    ...outlook,
    widths,
    tokens: walks.reduce((sum, { cost }) => sum + cost.tokens, 0),
    milliseconds,
  });
  return walks;
}

type Round = Rounds & { readonly walks: readonly Walk[]; readonly widths: readonly number[] };

/** Tells the milliseconds worked. */
async function searchOn(decoder: Decoder, on: Round): Promise<number> {
  const { goesOn = () => true } = on;
  let milliseconds = 0;
  for (;;) {
    const asking = on.walks.filter((walk) => walk.search.state.kind === "asking" && goesOn(walk));
    if (asking.length === 0) return milliseconds;
    milliseconds += await callTarget(decoder, { ...on, walks: asking });
    for (const { search } of asking) on.afterCall?.(search);
  }
}

function startWalk(decoder: Decoder, job: DecodeJob): Walk {
  const search = searchOf({ ...decoder.space, exclusion: job.exclusion }, { ...decoder, ...job });
  return { job, search, cost: noCost, answered: job.onKnown === undefined ? undefined : [] };
}

/** One round: draft, ask the target once, let every search run on. Tells the milliseconds worked. */
async function callTarget(decoder: Decoder, round: Round): Promise<number> {
  const { walks, widths, alsoAsk } = round;
  const drafts =
    Math.max(0, ...widths) === 0
      ? []
      : await decoder.drafter.draft(
          walks.map(({ job, search }) => ({
            key: job.key,
            name: job.name,
            prompt: job.prompt,
            history: job.history,
            search,
            widths,
          })),
        );
  const requests = walks.map((walk, at) => ({
    key: walk.job.key,
    prompt: walk.job.prompt,
    tree: questionTree(walk.search, { draft: drafts[at], also: alsoAsk?.(walk) ?? [] }),
  }));
  const answers = await ask(decoder.target, requests);
  walks.forEach((walk, at) => {
    const [request, answer] = [requests[at], answers[at]];
    if (request !== undefined && answer !== undefined) {
      settle(walk, { tree: request.tree, answer, draft: drafts[at] });
    }
  });
  return [...drafts, ...answers].reduce((sum, worked) => sum + worked.milliseconds, 0);
}

/** What the search misses, what the draft expects it to ask next, and what somebody else wants to know. */
function questionTree(
  search: Search,
  { draft, also }: { draft: Draft | undefined; also: Iterable<number> },
): BeamTree {
  const { state, space } = search;
  const wanted = state.kind === "asking" ? [...state.missing] : [];
  for (const prefixes of [...(draft?.levels ?? []).map(({ prefixes }) => prefixes), also]) {
    for (const prefix of prefixes) if (isWorthAsking(search, prefix)) wanted.push(prefix);
  }
  return treeOf(space.trie, wanted);
}

/** Hands the answer to the search, lets it run on and counts what it cost. */
function settle(
  walk: Walk,
  call: { tree: BeamTree; answer: ScoreAnswer; draft?: Draft | undefined },
): void {
  const { search } = walk;
  const { tree, answer, draft } = call;
  const fromDepth = search.state.beams.depth;
  const rows = rowsOf(search.space.trie, { tree, logProbs: answer.logProbs });
  for (const { prefix, logProbs } of rows) search.learn(prefix, logProbs);
  walk.answered?.push(...rows);
  const nodes = rows.filter(({ prefix }) => prefix !== ROOT).length;
  const toDepth = search.advance(draft).beams.depth;
  walk.cost = addCall(walk.cost, { nodes, tokens: answer.tokens, fromDepth, toDepth });
}
