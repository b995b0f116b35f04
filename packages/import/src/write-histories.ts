import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { numberValue, streamColumns, textValue } from "@nightbeam/dataset";
import type { JsonLinesFile } from "./json-lines-file.js";
import { withJsonLines } from "./json-lines-file.js";
import type { Split } from "./split-events.js";

/** Counts of what was written. */
export interface HistoryCounts {
  /** Events of each part, of all users. */
  readonly trainEvents: number;
  readonly validEvents: number;
  readonly testEvents: number;
  /** Lines of histories.jsonl and of held-out.jsonl, which has the same users. */
  readonly testUsers: number;
  /** Lines of train.jsonl. */
  readonly trainUsers: number;
  /** Lines of valid.jsonl. */
  readonly validUsers: number;
  /** Users without a history, as all of their events are in the test part. */
  readonly usersWithoutHistory: number;
  /** Users with only one event, before the test part: nothing to learn from or to evaluate. */
  readonly usersWithOneEvent: number;
}

interface UserEvents {
  readonly id: number;
  readonly user: string;
  readonly items: string[];
  /** 0, 1 or 2 for each item, ascending. */
  readonly parts: number[];
}

/**
 * Writes users in the order of the file: those with a history and held-out items to histories.jsonl
 * and held-out.jsonl, the others to train.jsonl, and the items of the valid part, which end both kinds
 * of histories, to valid.jsonl. Only one user is in memory at a time.
 *
 * @throws DatasetError WRITE_FAILED, UNREADABLE if the engine runs out of disk space
 */
export async function writeHistories(options: {
  readonly connection: DuckDBConnection;
  readonly directory: string;
  readonly split: Split;
  /** The file that the events come from, for messages. */
  readonly path: string;
}): Promise<HistoryCounts> {
  const { connection, directory, split, path } = options;
  const paths = {
    histories: join(directory, "histories.jsonl"),
    heldOut: join(directory, "held-out.jsonl"),
    train: join(directory, "train.jsonl"),
    valid: join(directory, "valid.jsonl"),
  };
  return withJsonLines(paths, async (files) => {
    const writer = new UserWriter(files);
    let open: UserEvents | undefined;
    const sql = `SELECT split.u, users.name AS user_name, items.name AS item_name, split.part
      FROM (SELECT *, ${split.part} AS part FROM events) split
      JOIN users ON split.u = users.id JOIN items ON split.i = items.id
      ORDER BY split.u, split.key`;
    for await (const columns of streamColumns(connection, { sql, path })) {
      const [ids = [], users = [], items = [], parts = []] = columns;
      for (const [place, value] of ids.entries()) {
        const id = numberValue(value);
        if (open?.id !== id) {
          if (open !== undefined) writer.add(open);
          open = { id, user: textValue(users[place]) ?? "", items: [], parts: [] };
        }
        open.items.push(textValue(items[place]) ?? "");
        open.parts.push(numberValue(parts[place]));
      }
      for (const file of Object.values(files)) await file.flush();
    }
    if (open !== undefined) writer.add(open);
    return writer.counts();
  });
}

class UserWriter {
  readonly #files: Readonly<Record<"histories" | "heldOut" | "train" | "valid", JsonLinesFile>>;
  readonly #events: [number, number, number] = [0, 0, 0];
  #withoutHistory = 0;
  #withOneEvent = 0;

  constructor(files: Readonly<Record<"histories" | "heldOut" | "train" | "valid", JsonLinesFile>>) {
    this.#files = files;
  }

  add({ user, items, parts }: UserEvents): void {
    const of = (part: number) => items.filter((_, place) => parts[place] === part);
    const [train, valid, test] = [of(0), of(1), of(2)];
    this.#events[0] += train.length;
    this.#events[1] += valid.length;
    this.#events[2] += test.length;
    const history = [...train, ...valid];
    if (history.length === 0) {
      this.#withoutHistory++;
      return;
    }
    if (test.length > 0) {
      this.#files.histories.add({ user, history });
      this.#files.heldOut.add({ user, history: test });
    } else if (history.length > 1) {
      this.#files.train.add({ user, history });
    } else {
      this.#withOneEvent++;
      return;
    }
    if (valid.length > 0) this.#files.valid.add({ user, history: valid });
  }

  counts(): HistoryCounts {
    const [trainEvents, validEvents, testEvents] = this.#events;
    return {
      trainEvents,
      validEvents,
      testEvents,
      testUsers: this.#files.histories.count,
      trainUsers: this.#files.train.count,
      validUsers: this.#files.valid.count,
      usersWithoutHistory: this.#withoutHistory,
      usersWithOneEvent: this.#withOneEvent,
    };
  }
}
