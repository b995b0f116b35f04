import type { KeptAnswer, RowValue } from "@nightbeam/run";

/**
 * Deals a stream of answers, which ascend by row, to the parts of a run. Parts ask in ascending order; the rows of parts in
 * between, which are done, are skipped.
 */
export class PartAnswers {
  readonly #source: AsyncIterator<readonly RowValue<KeptAnswer>[]>;
  #batch: readonly RowValue<KeptAnswer>[] = [];
  #at = 0;
  /** The last part that asked: one reads at a time. */
  #reading: Promise<unknown> = Promise.resolve();

  constructor(source: AsyncIterator<readonly RowValue<KeptAnswer>[]>) {
    this.#source = source;
  }

  /** The answers of the rows from `firstRow` up to, not including, `endRow`. @throws what the source throws */
  take(firstRow: number, endRow: number): Promise<readonly RowValue<KeptAnswer>[]> {
    const taken = this.#reading.then(() => this.#read(firstRow, endRow));
    this.#reading = taken;
    return taken;
  }

  async #read(firstRow: number, endRow: number): Promise<readonly RowValue<KeptAnswer>[]> {
    const taken: RowValue<KeptAnswer>[] = [];
    for (;;) {
      const next = this.#batch[this.#at];
      if (next === undefined) {
        const { done, value } = await this.#source.next();
        if (done === true) return taken;
        this.#batch = value;
        this.#at = 0;
      } else if (next.row >= endRow) {
        return taken;
      } else {
        if (next.row >= firstRow) taken.push(next);
        this.#at++;
      }
    }
  }
}
