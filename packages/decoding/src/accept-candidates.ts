import { parentOf, ROOT, type Trie } from "@nightbeam/catalogue";
import { ask } from "./answer-rows.js";
import { treeOf } from "./beam-tree.js";
import { type Beams, BestPrefixes } from "./beams.js";
import {
  type DecodeJob,
  type Decoder,
  searchOn,
  settle,
  startWalk,
  type Walk,
} from "./decode-batch.js";
import type { SearchCost } from "./outcome.js";
import { needsLookup } from "./scoring.js";
import type { Search } from "./search.js";
import { isWorthAsking } from "./worth-asking.js";

/** One user, and the items that somebody proposes for them. */
export interface CandidateJob extends Omit<DecodeJob, "onKnown"> {
  /** Trie nodes of whole code paths, in any order; all are scored, so their number is what it costs. */
  readonly candidates: Uint32Array;
}

/** A user's list, in which candidates have their places. */
export interface AcceptedOutcome {
  /** Best first by the target's score, at most as many as the search has beams. */
  readonly beams: Beams;
  /** Those of the beams that are there because they were proposed and accepted. */
  readonly accepted: ReadonlySet<number>;
  readonly cost: SearchCost;
}

/**
 * Lists that are begun by others and judged by the target, as SpecGR makes them: a proposed item is
 * accepted where the target's log-likelihood of its whole path is above the threshold, and what a
 * list then lacks is the best of the target's own beam search. **Not lossless**: beam search would
 * never have come to an accepted item whose first codes are unlikely, such as a new one's. That is
 * the purpose.
 *
 * One call scores all candidates. Users of whom enough are accepted are done with it; more than there
 * are places for, and the target's favourites among them are taken. The others' searches go on as in
 * `decodeBatch`, with all that the call has told. The draft policy is asked and not told what it cost:
 * searches that a call has helped along are no measure.
 *
 * @param options `threshold` in nats, over the whole path; infinity accepts nothing, which is plain
 * beam search
 * @throws DecodingError where a scorer breaks its contract; whatever the scorers throw
 */
export async function acceptCandidates(
  decoder: Decoder,
  options: { jobs: readonly CandidateJob[]; threshold: number },
): Promise<readonly AcceptedOutcome[]> {
  const { jobs, threshold } = options;
  const walks = jobs.map((job) => startWalk(decoder, job));
  const keys = jobs.map(({ key }) => key);
  try {
    const asking = walks.filter(({ search }) => search.state.kind === "asking");
    const proposed = new Map(walks.map((walk, at) => [walk, jobs[at]?.candidates ?? []] as const));
    await scoreCandidates(decoder, { walks: asking, proposed });
    const accepted = new Map(
      walks.map((walk) => {
        const candidates = proposed.get(walk) ?? [];
        return [walk, acceptedOf(walk.search, { candidates, threshold })] as const;
      }),
    );
    const acceptedBy = (walk: Walk) => accepted.get(walk) ?? [];
    const open = walks.filter((walk) => acceptedBy(walk).length < decoder.beamWidth);
    const widths = decoder.policy.widthsFor({
      users: open.length,
      promptTokens: open.reduce((longest, { job }) => Math.max(longest, job.prompt.length), 0),
    });
    await searchOn(decoder, { walks: open, widths });
    return walks.map((walk) => listOf(walk, acceptedBy(walk)));
  } finally {
    decoder.target.release(keys);
    decoder.drafter.release(keys);
  }
}

interface Scored {
  readonly leaf: number;
  readonly score: number;
}

/** One call: what the searches miss, and all that decides the candidates' scores. */
async function scoreCandidates(
  decoder: Decoder,
  on: { walks: readonly Walk[]; proposed: ReadonlyMap<Walk, Iterable<number>> },
): Promise<void> {
  const { walks, proposed } = on;
  if (walks.length === 0) return;
  const { trie } = decoder.space;
  const requests = walks.map((walk) => {
    const { search, job } = walk;
    const wanted = search.state.kind === "asking" ? [...search.state.missing] : [];
    for (const leaf of proposed.get(walk) ?? []) {
      for (const prefix of prefixesOf(trie, leaf)) {
        if (isWorthAsking(search, prefix)) wanted.push(prefix);
      }
    }
    return { key: job.key, prompt: job.prompt, tree: treeOf(trie, wanted) };
  });
  const answers = await ask(decoder.target, requests);
  walks.forEach((walk, at) => {
    const [request, answer] = [requests[at], answers[at]];
    if (request !== undefined && answer !== undefined) settle(walk, { tree: request.tree, answer });
  });
}

/** The candidates above the threshold, the target's favourites first, as many as there are beams. */
function acceptedOf(
  search: Search,
  { candidates, threshold }: { candidates: Iterable<number>; threshold: number },
): Scored[] {
  const best = new BestPrefixes(search.beamWidth);
  for (const leaf of new Set(candidates)) {
    if (search.space.exclusion.isDead(leaf)) continue;
    const score = scoreOf(search, leaf);
    if (score > threshold) best.offer(leaf, score);
  }
  const { prefixes, scores } = best.drain(search.space.trie.levels);
  return Array.from(prefixes, (leaf, at) => ({ leaf, score: scores[at] ?? 0 }));
}

/** The target's log-probability of a path, added up in the order of the search. */
function scoreOf(search: Search, leaf: number): number {
  const { trie } = search.space;
  let score = 0;
  const path = [...prefixesOf(trie, leaf).reverse(), leaf];
  for (const [at, prefix] of path.slice(0, -1).entries()) {
    if (!needsLookup(search.space, prefix)) continue;
    const child = (path[at + 1] ?? 0) - (trie.firstChild[prefix] ?? 0);
    score += search.known(prefix)?.[child] ?? Number.NaN;
  }
  return score;
}

/** The prefixes of a path after which something follows, deepest first, the root's last. */
function prefixesOf(trie: Trie, leaf: number): number[] {
  const prefixes: number[] = [];
  for (let at = leaf; at !== ROOT; ) {
    at = parentOf(trie, at);
    prefixes.push(at);
  }
  return prefixes;
}

/** The accepted, and the best of the search in the places that are left. */
function listOf({ search, cost }: Walk, accepted: readonly Scored[]): AcceptedOutcome {
  if (accepted.length === 0) return { beams: search.state.beams, accepted: new Set(), cost };
  const list = new BestPrefixes(search.beamWidth);
  const leaves = new Set(accepted.map(({ leaf }) => leaf));
  for (const { leaf, score } of accepted) list.offer(leaf, score);
  const { beams, kind } = search.state;
  let left = search.beamWidth - accepted.length;
  for (let rank = 0; kind === "done" && left > 0 && rank < beams.prefixes.length; rank++) {
    const leaf = beams.prefixes[rank] ?? 0;
    if (leaves.has(leaf)) continue;
    list.offer(leaf, beams.scores[rank] ?? 0);
    left--;
  }
  return { beams: list.drain(search.space.trie.levels), accepted: leaves, cost };
}
