import type { DraftPolicy } from "@nightbeam/decoding";

/** Draft widths worth trying, as multiples of the beam width, small ones first. */
const MULTIPLES = [1.25, 2, 3];
/** What trying may cost, as a share of all that the batches so far would have cost without it. */
const TRIAL_SHARE = 1 / 30;
/** What a trial is taken to cost beyond plain search until it is measured, in plain batches. */
const PRESUMED_LOSS = 1;
/** Measurements of a choice before it is believed. */
const TRUSTED = 3;
/** Batches that a choice is judged by: the latest, since a machine's speed drifts. */
const REMEMBERED = 31;
/** A choice must beat plain search by this factor to be taken: ties go to what cannot lose. */
const MARGIN = 0.98;
/** A choice whose first trial costs this much more than plain search is not tried again. */
const HOPELESS = 1.15;

interface Choice {
  readonly widths: readonly number[];
  /** Milliseconds for each unit of plain work of the last batches measured, oldest first. */
  readonly costs: number[];
  /** Trials under way. */
  trials: number;
}

/**
 * Finds by measurement how much drafting pays. Plain search is what it starts from and returns to;
 * each width is tried on real batches, whose results count, as seldom as what trials lose demands,
 * and taken where it is the fastest. What pays depends on the machine: where calls are dear, wide
 * drafts win; where tokens are, plain search does.
 */
export function adaptiveWidths(options: { beamWidth: number; levels: number }): DraftPolicy {
  const { beamWidth, levels } = options;
  const choice = (widths: readonly number[]): Choice => ({ widths, costs: [], trials: 0 });
  const plain = choice([]);
  const drafts = MULTIPLES.map((multiple) =>
    choice(new Array<number>(levels - 1).fill(Math.ceil(multiple * beamWidth))),
  );
  let batches = 0;
  /** Time that trials lost against plain search, in plain batches; those under way as presumed. */
  let lost = 0;
  const isOpen = ({ costs, trials }: Choice) =>
    costs.length + trials < TRUSTED && (costs[0] ?? 0) <= HOPELESS * typical(plain);
  return {
    widthsFor() {
      batches++;
      if (plain.costs.length < TRUSTED) return plain.widths;
      const affordable = lost + PRESUMED_LOSS <= batches * TRIAL_SHARE;
      const tried = affordable ? drafts.find(isOpen) : undefined;
      if (tried === undefined) return fastest(plain, drafts).widths;
      tried.trials++;
      lost += PRESUMED_LOSS;
      return tried.widths;
    },
    observe({ widths, users, promptTokens, milliseconds }) {
      const one = [plain, ...drafts].find((choice) => choice.widths.join() === widths.join());
      if (one === undefined) return;
      // Batches differ in size and prompt length: cost is told per row that plain search would compute.
      const cost = milliseconds / (users * (promptTokens + (levels - 1) * beamWidth));
      if (one.trials > 0) {
        one.trials--;
        lost += Math.max(0, cost / typical(plain) - 1) - PRESUMED_LOSS;
      }
      one.costs.push(cost);
      if (one.costs.length > REMEMBERED) one.costs.shift();
    },
  };
}

/** Median cost: one batch that the machine disturbed decides nothing. */
function typical({ costs }: Choice): number {
  return costs.toSorted((a, b) => a - b)[costs.length >> 1] ?? Number.POSITIVE_INFINITY;
}

/** The draft that costs least, if it beats plain search by the margin. */
function fastest(plain: Choice, drafts: readonly Choice[]): Choice {
  const bar = MARGIN * typical(plain);
  return drafts
    .filter((draft) => draft.costs.length >= TRUSTED && typical(draft) < bar)
    .reduce((best, draft) => (typical(draft) < typical(best) ? draft : best), plain);
}
