import { childCount, type Exclusion, ROOT } from "@nightbeam/catalogue";
import { BeamSearch } from "./beam-search.js";
import { type BeamTree, treeOf } from "./beam-tree.js";
import type { DraftPolicy } from "./draft-policy.js";
import type { Draft, Drafter } from "./drafters/drafter.js";
import { DecodingError } from "./errors.js";
import { addCall, noCost, type SearchCost, type SearchOutcome } from "./outcome.js";
import type { ScoreAnswer, Scorer } from "./scorer.js";
import { needsLookup, type SearchSpace } from "./scoring.js";

/** One user to be decoded. */
export interface DecodeJob {
  /** Unique among the jobs under way; equal keys must mean equal prompts. */
  readonly key: number;
  /** Token ids. Shape [tokens]. */
  readonly prompt: Int32Array;
  /** Catalogue indices of the user's items, oldest first; what the drafters count. */
  readonly history: Uint32Array;
  /** What the user must not be recommended. */
  readonly exclusion: Exclusion;
}

/** What decodes: the same for all batches of a run. */
export interface Decoder {
  readonly target: Scorer;
  readonly drafter: Drafter;
  readonly policy: DraftPolicy;
  readonly space: Omit<SearchSpace, "exclusion">;
  readonly beamWidth: number;
}

interface Walk {
  readonly job: DecodeJob;
  readonly search: BeamSearch;
  cost: SearchCost;
}

/**
 * Decodes users together: every round is one call of the target for all whose search still asks.
 * The outcomes are in the order of the jobs, and each is the target's exact beam search.
 *
 * @throws DecodingError where a scorer breaks its contract; whatever the scorers throw
 */
export async function decodeBatch(
  decoder: Decoder,
  jobs: readonly DecodeJob[],
): Promise<readonly SearchOutcome[]> {
  const started = performance.now();
  const walks = jobs.map((job) => startWalk(decoder, job));
  const outlook = {
    users: jobs.length,
    promptTokens: jobs.reduce((longest, { prompt }) => Math.max(longest, prompt.length), 0),
  };
  const widths = decoder.policy.widthsFor(outlook);
  const keys = jobs.map(({ key }) => key);
  try {
    for (;;) {
      const asking = walks.filter(({ search }) => search.state.kind === "asking");
      if (asking.length === 0) break;
      await callTarget(decoder, { walks: asking, widths });
    }
  } finally {
    decoder.target.release(keys);
    decoder.drafter.release(keys);
  }
  decoder.policy.observe({
    ...outlook,
    widths,
    tokens: walks.reduce((sum, { cost }) => sum + cost.tokens, 0),
    milliseconds: performance.now() - started,
  });
  return walks.map(({ search, cost }) => ({ beams: search.state.beams, cost }));
}

function startWalk(decoder: Decoder, job: DecodeJob): Walk {
  const space = { ...decoder.space, exclusion: job.exclusion };
  return { job, search: new BeamSearch(space, { beamWidth: decoder.beamWidth }), cost: noCost };
}

/** One round: draft, ask the target once, let every search run on. */
async function callTarget(
  decoder: Decoder,
  round: { walks: readonly Walk[]; widths: readonly number[] },
): Promise<void> {
  const { walks, widths } = round;
  const drafts =
    widths.length === 0
      ? []
      : await decoder.drafter.draft(
          walks.map(({ job, search }) => ({
            key: job.key,
            prompt: job.prompt,
            history: job.history,
            search,
            widths,
          })),
        );
  const trees = walks.map(({ search }, at) => questionTree(search, drafts[at]));
  const answers = await decoder.target.score(
    walks.map(({ job }, at) => ({
      key: job.key,
      prompt: job.prompt,
      tree: trees[at] ?? treeOf(decoder.space.trie, []),
    })),
  );
  walks.forEach((walk, at) => {
    const [tree, answer] = [trees[at], answers[at]];
    if (tree === undefined || answer === undefined) {
      throw new DecodingError(
        "ANSWER_SIZE",
        `the target answered ${answers.length} of ${walks.length} requests`,
      );
    }
    settle(walk, { tree, answer });
  });
}

/** What the search misses, and what the draft expects it to ask next; nothing that is known already. */
function questionTree(search: BeamSearch, draft: Draft | undefined): BeamTree {
  const { state, space } = search;
  const wanted = new Set(state.kind === "asking" ? state.missing : []);
  for (const { prefixes } of draft?.levels ?? []) {
    for (const prefix of prefixes) {
      if (search.known(prefix) === undefined && needsLookup(space, prefix)) wanted.add(prefix);
    }
  }
  return treeOf(space.trie, wanted);
}

function settle(walk: Walk, call: { tree: BeamTree; answer: ScoreAnswer }): void {
  const { search } = walk;
  const { tree, answer } = call;
  const fromDepth = search.state.beams.depth;
  let from = 0;
  let nodes = 0;
  for (const entry of tree.wanted) {
    const prefix = tree.prefixes[entry] ?? ROOT;
    const to = from + childCount(search.space.trie, prefix);
    search.learn(prefix, answer.logProbs.subarray(from, to));
    if (prefix !== ROOT) nodes++;
    from = to;
  }
  const toDepth = search.advance().beams.depth;
  walk.cost = addCall(walk.cost, { nodes, tokens: answer.tokens, fromDepth, toDepth });
}
