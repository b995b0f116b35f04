/** Places of a proposal that share a chance begin here, counted from 0. */
const GROUPS = [0, 2, 5, 10, 15, 20, 25, 30, 35, 40, 50, 70, 100] as const;
/** The place of which every second prefix is presumed to be kept. */
const PRESUMED_EVEN = 20;
/** What is presumed counts as much as this many observed cases. */
const PRESUMED_CASES = 4;
/** Observed cases that count: older ones fade, as drafters and users change over a run. */
const MAX_CASES = 4_096;

interface Cases {
  hits: number;
  all: number;
}

/** A prefix that drafters propose. */
export interface ProposedPrefix {
  /** Depth of the beams that the proposals start from. */
  readonly from: number;
  readonly depth: number;
  /** Its place in the proposal of each drafter, 0 for the best; undefined if it is not in there. */
  readonly places: readonly (number | undefined)[];
}

/**
 * How often searches kept the prefixes that drafters proposed, by level and by the places that all drafters together
 * gave them: what one proposes and another does not is much less likely to be kept than what both propose. Before
 * anything is observed, chances fall with the best place, so that drafters without a record take turns.
 */
export class TrackRecord {
  readonly #cases = new Map<string, Cases>();

  /** The chance that the search keeps the prefix. */
  chance(prefix: ProposedPrefix): number {
    const { hits, all } = this.#cases.get(keyOf(prefix)) ?? NONE;
    return (hits + PRESUMED_CASES * presumed(prefix)) / (all + PRESUMED_CASES);
  }

  observe(prefix: ProposedPrefix, kept: boolean): void {
    const key = keyOf(prefix);
    const cases = this.#cases.get(key) ?? { hits: 0, all: 0 };
    this.#cases.set(key, cases);
    cases.all++;
    if (kept) cases.hits++;
    if (cases.all < MAX_CASES) return;
    cases.all /= 2;
    cases.hits /= 2;
  }
}

const NONE: Readonly<Cases> = { hits: 0, all: 0 };

function keyOf({ from, depth, places }: ProposedPrefix): string {
  const groups = places.map((place = -1) => GROUPS.findLastIndex((first) => place >= first));
  return [from, depth, ...groups].join();
}

function presumed({ places }: ProposedPrefix): number {
  const best = Math.min(...places.map((place = Number.POSITIVE_INFINITY) => place));
  return PRESUMED_EVEN / (PRESUMED_EVEN + best + 1);
}
