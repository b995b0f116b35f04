import { z } from "zod";
import { itemSchema, type Recommendation, type RecommendedItem } from "./recommendation.js";

/** A row of the flat layout: one item of a user's list. */
export interface FlatRow {
  readonly user: string;
  /** From 1; undefined if the file has no ranks. */
  readonly rank: number | undefined;
  readonly item: RecommendedItem;
}

const keySchema = z.object({ user: z.string(), rank: z.number().nullish() });

/** A row of the flat layout in a file. */
export const flatRowSchema = z
  .intersection(keySchema, itemSchema)
  .transform(({ user, rank, ...item }): FlatRow => ({ user, rank: rank ?? undefined, item }));

/** Puts rows of the flat layout together to lists. The rows of a list follow each other, best item first. */
export class ListCollector {
  #user = "";
  #rank = 0;
  #items: RecommendedItem[] = [];

  /** Adds a row. @returns the list before it, if the row begins another one */
  add({ user, rank = this.#rank + 1, item }: FlatRow): Recommendation | undefined {
    // A user can have two lists in a row.
    const begins = user !== this.#user || rank <= this.#rank;
    const finished = begins ? this.finish() : undefined;
    this.#user = user;
    this.#rank = rank;
    this.#items.push(item);
    return finished;
  }

  /** Returns the last list; undefined if no row was added since the one before. */
  finish(): Recommendation | undefined {
    const items = this.#items;
    this.#items = [];
    this.#rank = 0;
    return items.length === 0 ? undefined : { user: this.#user, items };
  }
}
