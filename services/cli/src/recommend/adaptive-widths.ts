import type { DraftPolicy } from "@nightbeam/decoding";

export interface AdaptiveOptions {
  readonly beamWidth: number;
  readonly levels: number;
  /** Batches that the run will have; short runs cannot pay for trying. */
  readonly expectedBatches: number;
}

/** Draft widths worth trying, as multiples of the beam width, small ones first. */
const MULTIPLES = [1.25, 2, 3];
/** Of all batches, how many may be spent on trying a width that has not proved itself: 1 in 30. */
const BATCHES_PER_TRIAL = 30;
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
}

/**
 * Finds by measurement how much drafting pays. Plain search is what it starts from and returns to;
 * each width is tried on real batches, whose results count, as rarely as the run's length demands,
 * and taken where it is the fastest. What pays depends on the machine: where calls are dear, wide
 * drafts win; where tokens are, plain search does.
 */
export function adaptiveWidths(options: AdaptiveOptions): DraftPolicy {
  const { beamWidth, levels } = options;
  const plain: Choice = { widths: [], costs: [] };
  const drafts: Choice[] = MULTIPLES.map((multiple) => ({
    widths: new Array<number>(levels - 1).fill(Math.ceil(multiple * beamWidth)),
    costs: [],
  }));
  const choices = [plain, ...drafts];
  let batches = 0;
  let trials = 0;
  const affordable = () => Math.min(batches, options.expectedBatches) / BATCHES_PER_TRIAL;
  const open = (choice: Choice) =>
    choice.costs.length < TRUSTED && (choice.costs[0] ?? 0) <= HOPELESS * typical(plain);
  return {
    widthsFor() {
      batches++;
      if (plain.costs.length < TRUSTED) return plain.widths;
      const untried = trials < affordable() ? drafts.find(open) : undefined;
      if (untried === undefined) return fastest(choices).widths;
      trials++;
      return untried.widths;
    },
    observe({ widths, users, promptTokens, milliseconds }) {
      // Batches differ in size and prompt length: cost is told per row that plain search would compute.
      const work = users * (promptTokens + (levels - 1) * beamWidth);
      const choice = choices.find((one) => one.widths.join() === widths.join());
      if (choice === undefined) return;
      choice.costs.push(milliseconds / work);
      if (choice.costs.length > REMEMBERED) choice.costs.shift();
    },
  };
}

/** Median cost: one batch that the machine disturbed decides nothing. */
function typical({ costs }: Choice): number {
  return costs.toSorted((a, b) => a - b)[costs.length >> 1] ?? Number.POSITIVE_INFINITY;
}

function fastest(choices: readonly Choice[]): Choice {
  const [plain, ...drafts] = choices;
  const trusted = drafts.filter(({ costs }) => costs.length >= TRUSTED);
  return [plain, ...trusted].reduce<Choice>(
    (best, choice) =>
      choice !== undefined && typical(choice) < MARGIN * typical(best) ? choice : best,
    plain ?? { widths: [], costs: [] },
  );
}
