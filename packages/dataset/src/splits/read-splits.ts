import { join } from "node:path";
import { DatasetError } from "../errors.js";
import { readLines } from "../files/lines.js";

/** A user of a data set that is split by time. */
export interface SplitUser {
  readonly user: string;
  /** What they took before the test, oldest first: item ids as LC-Rec's index has them, from 0. */
  readonly history: readonly string[];
  /** What they took after it; often nothing. */
  readonly heldOut: readonly string[];
}

/**
 * A data set in the layout that the AtSpeed paper's is published in: `train.txt`, `valid.txt` and
 * `test.txt`, a line a user, the user and then their items in time order. Items are counted from 1
 * there and from 0 in `items.index.json` beside them. Users come in the order of their first line.
 *
 * @throws DatasetError FILE_NOT_FOUND; UNREADABLE for a line that is none, with its number
 */
export async function readSplits(directory: string): Promise<readonly SplitUser[]> {
  const users = new Map<string, { user: string; history: string[]; heldOut: string[] }>();
  for (const [name, part] of [
    ["train", "history"],
    ["valid", "history"],
    ["test", "heldOut"],
  ] as const) {
    const path = join(directory, `${name}.txt`);
    for await (const lines of readLines({ path, gzip: false })) {
      for (const { number, bytes } of lines) {
        const fields = (bytes?.toString("utf8") ?? "").trim().split(/\s+/);
        const [user = "", ...items] = fields;
        if (user === "" && bytes !== null) continue;
        const wrong = bytes === null ? "a line of this length" : items.find((one) => !isItem(one));
        if (wrong !== undefined) {
          throw new DatasetError(
            "UNREADABLE",
            `${path}, line ${number}: "${wrong}" is no item. A line is a user and that user's items as whole numbers from 1, with spaces between.`,
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
