import { join } from "node:path";
import { excerpt } from "@nightbeam/catalogue";
import { DatasetError } from "../errors.js";
import { readLines } from "../files/lines.js";

/** A user of a data set with a split by time. */
export interface SplitUser {
  readonly user: string;
  /** Items before the test, oldest first: ids of LC-Rec's index, from 0. */
  readonly history: readonly string[];
  /** Items of the test; often none. */
  readonly heldOut: readonly string[];
}

/**
 * Reads a data set in the layout of the AtSpeed paper's: `train.txt`, `valid.txt` and `test.txt`, with a
 * line per user: the user, then the items in time order. Item numbers start at 1 there, and at 0 in the
 * `items.index.json` of the same data set. Users are in the order of their first line.
 *
 * @throws DatasetError FILE_NOT_FOUND; UNREADABLE for an invalid line, with its number
 */
export async function readSplits(directory: string): Promise<readonly SplitUser[]> {
  const users = new Map<string, { user: string; history: string[]; heldOut: string[] }>();
  for (const [name, part] of [
    ["train", "history"],
    ["valid", "history"],
    ["test", "heldOut"],
  ] as const) {
    const path = join(directory, `${name}.txt`);
    for await (const lines of readLines({ path })) {
      for (const { number, bytes } of lines) {
        const fields = (bytes?.toString("utf8") ?? "").trim().split(/\s+/);
        const [user = "", ...items] = fields;
        if (user === "" && bytes !== null) continue;
        const wrong = bytes === null ? "a line of this length" : items.find((one) => !isItem(one));
        if (wrong !== undefined) {
          throw new DatasetError(
            "UNREADABLE",
            `${path}, line ${number}: ${excerpt(wrong)} is not an item. A line is a user and the user's items, as whole numbers from 1, separated by spaces.`,
          );
        }
        const known = users.get(user) ?? { user, history: [], heldOut: [] };
        users.set(user, known);
        for (const item of items) known[part].push(String(Number(item) - 1));
      }
    }
  }
  return [...users.values()];
}

function isItem(text: string): boolean {
  return /^[1-9]\d*$/.test(text) && Number.isSafeInteger(Number(text));
}
