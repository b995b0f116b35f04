import { type Recommendation, sharedItems } from "@nightbeam/dataset";
import { readManifest, readRecommendations } from "@nightbeam/run";
import type { ItemTable } from "./item-table.js";
import type { RunComparison } from "./report-data.js";

const MAX_SAMPLES = 12;
const TENTHS = 10;

/**
 * Compares the lists of two finished runs, user by user. Runs with the same order of users are compared as they are read;
 * others wait in memory for their counterpart.
 *
 * @throws RunError RUN_INCOMPLETE, RUN_DAMAGED; DatasetError
 */
export async function compareRuns(
  here: string,
  options: { readonly against: string; readonly items: ItemTable },
): Promise<RunComparison> {
  const { against, items } = options;
  const [mine, other] = await Promise.all([readManifest(here), readManifest(against)]);
  const tally = new Tally();
  const waiting = [new Map<string, Recommendation>(), new Map<string, Recommendation>()] as const;
  const take = (side: 0 | 1, list: Recommendation): void => {
    const found = waiting[1 - side]?.get(list.user);
    if (found === undefined) {
      waiting[side].set(list.user, list);
      return;
    }
    waiting[1 - side]?.delete(list.user);
    if (side === 0) tally.add(list, found);
    else tally.add(found, list);
  };
  const [left, right] = [readRecommendations(here), readRecommendations(against)];
  for (;;) {
    const [a, b] = await Promise.all([left.next(), right.next()]);
    if (a.done === true && b.done === true) break;
    for (const list of a.value ?? []) take(0, list);
    for (const list of b.value ?? []) take(1, list);
  }
  const [onlyHere, onlyThere] = waiting.map((lists) => [...lists.keys()]);
  return tally.comparison({
    against,
    onlyHere: onlyHere ?? [],
    onlyThere: onlyThere ?? [],
    calls: { here: mine.stats.callsPerUser, there: other.stats.callsPerUser },
    items,
  });
}

class Tally {
  #users = 0;
  #overlap = 0;
  #sameFirst = 0;
  #withFirst = 0;
  readonly #topScores = { here: 0, there: 0 };
  readonly #histogram = new Array<number>(TENTHS + 1).fill(0);
  #isSame = true;
  /** The lists that overlap least, so far. */
  #changed: { here: Recommendation; there: Recommendation; overlap: number }[] = [];

  add(here: Recommendation, there: Recommendation): void {
    const length = Math.max(here.items.length, there.items.length);
    const overlap = length === 0 ? 1 : sharedItems(here.items, there.items) / length;
    const [first, second] = [here.items[0], there.items[0]];
    this.#users++;
    this.#overlap += overlap;
    const tenth = Math.floor(overlap * TENTHS);
    this.#histogram[tenth] = (this.#histogram[tenth] ?? 0) + 1;
    if (first?.item === second?.item) this.#sameFirst++;
    if (first !== undefined && second !== undefined) {
      this.#withFirst++;
      this.#topScores.here += first.score;
      this.#topScores.there += second.score;
    }
    if (here.items.every(({ item }, at) => there.items[at]?.item === item) && overlap === 1) return;
    this.#isSame = false;
    this.#changed.push({ here, there, overlap });
    if (this.#changed.length < 4 * MAX_SAMPLES) return;
    this.#changed = this.#leastAlike();
  }

  comparison(about: {
    readonly against: string;
    readonly onlyHere: readonly string[];
    readonly onlyThere: readonly string[];
    readonly calls: RunComparison["calls"];
    readonly items: ItemTable;
  }): RunComparison {
    const { against, onlyHere, onlyThere, calls, items } = about;
    const mean = (sum: number, count: number) => (count === 0 ? 0 : sum / count);
    const placesOf = (list: Recommendation) => list.items.map(({ item }) => items.placeOf(item));
    return {
      against,
      isSame: this.#isSame && onlyHere.length === 0 && onlyThere.length === 0,
      users: {
        both: this.#users,
        onlyHere: onlyHere.length,
        onlyThere: onlyThere.length,
        samplesHere: onlyHere.slice(0, MAX_SAMPLES),
        samplesThere: onlyThere.slice(0, MAX_SAMPLES),
      },
      overlap: mean(this.#overlap, this.#users),
      histogram: this.#histogram,
      sameFirst: mean(this.#sameFirst, this.#users),
      topScore: {
        here: mean(this.#topScores.here, this.#withFirst),
        there: mean(this.#topScores.there, this.#withFirst),
      },
      calls,
      changed: this.#leastAlike().map(({ here, there }) => ({
        ...{ user: here.user, here: placesOf(here), there: placesOf(there) },
      })),
    };
  }

  #leastAlike() {
    return this.#changed.toSorted((a, b) => a.overlap - b.overlap).slice(0, MAX_SAMPLES);
  }
}
