import { join } from "node:path";
import type { Catalogue } from "@nightbeam/catalogue";
import {
  type History,
  type HistoryRow,
  openCatalogue,
  readHistories,
  readSplits,
} from "@nightbeam/dataset";
import { promptColumns, searchedCatalogue } from "@nightbeam/model";
import { UsageError } from "@nightbeam/service";
import type { PaperOptions } from "./options.js";

/** A data set with held-out items. */
export interface PaperData {
  readonly catalogue: Catalogue;
  /** As it is searched: with the levels of the target's closing tokens. */
  readonly searched: Catalogue;
  /** Histories of the users that have held-out items. */
  readonly histories: readonly History[];
  /** Held-out items by user. */
  readonly heldOut: ReadonlyMap<string, ReadonlySet<string>>;
  /** Histories of all users, without held-out items: transitions are counted in these. */
  readonly everyHistory: () => AsyncIterable<readonly HistoryRow[]>;
}

type DataSet = Omit<PaperData, "searched">;

/**
 * Opens the data set of `options.data`, or of the three files in its place.
 *
 * @throws DatasetError; UsageError BAD_OPTION if neither is given completely, or no user has both a
 * history and held-out items
 */
export async function openData(options: PaperOptions): Promise<PaperData> {
  const { data } = options;
  const found = await (data === undefined ? fromFiles(options) : fromSplits(data));
  if (found.histories.length > 0) {
    const { target: directory, scoring } = options;
    return { ...found, searched: await searchedCatalogue(found.catalogue, { directory, scoring }) };
  }
  throw new UsageError(
    "BAD_OPTION",
    "no user has both a history and held-out items; check that the files belong together",
  );
}

async function fromSplits(directory: string): Promise<DataSet> {
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
    everyHistory: async function* () {
      yield rows;
    },
  };
}

async function fromFiles(options: PaperOptions): Promise<DataSet> {
  const { catalogue, histories, heldOut, columns } = options;
  if (catalogue === undefined || histories === undefined || heldOut === undefined) {
    throw new UsageError(
      "BAD_OPTION",
      "--data is required: a directory with items.index.json, train.txt, valid.txt and test.txt; or give --catalogue, --histories and --held-out",
    );
  }
  const texts = await promptColumns(options.target);
  const byUser = new Map<string, Set<string>>();
  for (const { user, items } of await historiesOf({ path: heldOut, columns })) {
    byUser.set(user, new Set([...(byUser.get(user) ?? []), ...items]));
  }
  return {
    catalogue: await openCatalogue(catalogue),
    histories: (await historiesOf({ path: histories, columns, texts })).filter(({ user }) =>
      byUser.has(user),
    ),
    heldOut: byUser,
    everyHistory: () => readHistories({ path: histories, columns }),
  };
}

async function historiesOf(
  source: Pick<PaperOptions, "columns"> & { readonly path: string; readonly texts?: string[] },
): Promise<History[]> {
  const found: History[] = [];
  for await (const rows of readHistories(source)) {
    for (const row of rows) if (row.kind === "history") found.push(row);
  }
  return found;
}
