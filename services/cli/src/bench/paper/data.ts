import { join } from "node:path";
import type { Catalogue } from "@nightbeam/catalogue";
import {
  type History,
  type HistoryRow,
  openCatalogue,
  readHistories,
  readSplits,
} from "@nightbeam/dataset";
import { UsageError } from "@nightbeam/service";
import type { PaperOptions } from "./options.js";

/** A data set whose users' next items are known. */
export interface PaperData {
  readonly catalogue: Catalogue;
  /** Histories of the users with items held out. */
  readonly histories: readonly History[];
  /** By user. */
  readonly heldOut: ReadonlyMap<string, ReadonlySet<string>>;
  /** Everybody's histories, nothing held out among them: what transitions are counted in. */
  readonly everybody: () => AsyncIterable<readonly HistoryRow[]>;
}

/**
 * Opens the data set of `--data`, or of three files.
 *
 * @throws DatasetError; UsageError BAD_OPTION where neither is given whole, or no user is in both
 */
export async function openData(options: PaperOptions): Promise<PaperData> {
  const { data } = options;
  const found = await (data === undefined ? fromFiles(options) : fromSplits(data));
  if (found.histories.length > 0) return found;
  throw new UsageError(
    "BAD_OPTION",
    "no user has both a history and held-out items; check that the files belong together",
  );
}

async function fromSplits(directory: string): Promise<PaperData> {
  const users = await readSplits(directory);
  const rows = users.flatMap(({ user, history }, row): History[] =>
    history.length === 0 ? [] : [{ kind: "history", row, user, items: [...history] }],
  );
  const heldOut = new Map(
    users.flatMap(({ user, heldOut }) =>
      heldOut.length === 0 ? [] : [[user, new Set(heldOut)] as const],
    ),
  );
  return {
    catalogue: await openCatalogue(join(directory, "items.index.json")),
    histories: rows.filter(({ user }) => heldOut.has(user)),
    heldOut,
    everybody: async function* () {
      yield rows;
    },
  };
}

async function fromFiles(options: PaperOptions): Promise<PaperData> {
  const { catalogue, histories, heldOut } = options;
  if (catalogue === undefined || histories === undefined || heldOut === undefined) {
    throw new UsageError(
      "BAD_OPTION",
      "--data is required: a directory with items.index.json, train.txt, valid.txt and test.txt; or give --catalogue, --histories and --held-out",
    );
  }
  const kept = new Map<string, Set<string>>();
  for (const { user, items } of await historiesOf(heldOut)) {
    kept.set(user, new Set([...(kept.get(user) ?? []), ...items]));
  }
  return {
    catalogue: await openCatalogue(catalogue),
    histories: (await historiesOf(histories)).filter(({ user }) => kept.has(user)),
    heldOut: kept,
    everybody: () => readHistories({ path: histories }),
  };
}

async function historiesOf(path: string): Promise<History[]> {
  const found: History[] = [];
  for await (const rows of readHistories({ path })) {
    for (const row of rows) if (row.kind === "history") found.push(row);
  }
  return found;
}
