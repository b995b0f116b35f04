import { excerpts } from "@nightbeam/catalogue";
import { DatasetError } from "../errors.js";

export const COLUMN_ROLES = ["user", "history", "item", "time"] as const;

/** What a column is used as. */
export type ColumnRole = (typeof COLUMN_ROLES)[number];

/**
 * What a row of the file holds: `rows`, a user with the complete history; `events`, an interaction of a
 * user with an item at a time.
 */
export type HistoryLayout = "rows" | "events";

/** The names of columns; common names need not be given. In a file without a header: positions from 1. */
export type HistoryColumns = { readonly [Role in ColumnRole]?: string | undefined };

/** The names of all columns; of those that the layout does not need, any. */
export type ColumnNames = Readonly<Record<ColumnRole, string>>;

/** The layout of a file and its columns. */
export interface FoundColumns {
  readonly layout: HistoryLayout;
  readonly names: ColumnNames;
}

/** Names that are recognised, without case and without signs between words. */
const COMMON: Readonly<Record<ColumnRole, string>> = {
  user:
    "user userid uid reviewerid visitorid customerid sessionid memberid accountid profileid clientid " +
    "shopperid buyerid viewerid subscriberid useridx userindex",
  history:
    "history historyitemid historyitemids historyitems historyids items itemids itemidlist itemlist " +
    "itemseq itemsequence sequence itemhistory userhistory clickhistory interactions inters",
  item:
    "item itemid iid movieid asin parentasin productid articleid newsid videoid trackid songid bookid " +
    "businessid goodsid sku skuid gameid contentid postid recipeid listingid offerid itemidx itemindex",
  time:
    "time timestamp ts unixreviewtime eventtime eventtimestamp datetime date createdat occurredat " +
    "unixtime timems timestampms ratingtimestamp interactiontime clicktime tdat",
};

const KNOWN = new Map(
  Object.entries(COMMON).map(([role, names]) => [role, new Set(names.split(" "))]),
);

/** RecBole's headers name the type, too: `item_id_list:token_seq`. */
const RECBOLE_TYPE = /:(token|float)(_seq)?$/;

const NEEDED: Readonly<Record<HistoryLayout, readonly ColumnRole[]>> = {
  rows: ["user", "history"],
  events: ["user", "item", "time"],
};

/** The columns that could have a role: the named one, the one of that name, or those of a common name. */
export function columnsFor(
  role: ColumnRole,
  columns: readonly string[],
  given: HistoryColumns,
): readonly string[] {
  const wanted = given[role];
  const exact = wanted ?? role;
  if (columns.includes(exact)) return [exact];
  const bare = columns.filter((name) => name.replace(RECBOLE_TYPE, "") === exact);
  if (bare.length > 0 || wanted !== undefined) return bare;
  return columns.filter((name) => {
    const plain = name.replace(RECBOLE_TYPE, "").replaceAll(/[^\p{L}\p{N}]/gu, "");
    return KNOWN.get(role)?.has(plain.toLowerCase()) === true;
  });
}

/**
 * Determines the layout of a file, and finds its columns. Columns of partitions are used only if the file
 * itself has none.
 *
 * @throws DatasetError MISSING_COLUMN if a column is missing, or if two could be meant
 */
export function findColumns(file: {
  readonly path: string;
  readonly columns: readonly string[];
  readonly partitions?: readonly string[];
  readonly given?: HistoryColumns | undefined;
  readonly layout?: HistoryLayout | undefined;
}): FoundColumns {
  const { path, columns, partitions = [], given = {} } = file;
  const candidates = (role: ColumnRole): readonly string[] => {
    const own = columnsFor(role, columns, given);
    return own.length > 0 ? own : columnsFor(role, partitions, given);
  };
  const layout = file.layout ?? guessedLayout(given, (role) => candidates(role).length > 0);
  const names: Record<ColumnRole, string> = {
    user: "user",
    history: "history",
    item: "item",
    time: "time",
  };
  const missing: string[] = [];
  for (const role of NEEDED[layout]) {
    const [name, other] = candidates(role);
    if (name === undefined) missing.push(given[role] ?? role);
    else if (other !== undefined) throw twoColumns(path, { role, name, other });
    else if (columns.filter((one) => one === name).length > 1) {
      throw twoColumns(path, { role, name, other: name });
    } else names[role] = name;
  }
  if (missing.length === 0) return { layout, names };
  throw new DatasetError(
    "MISSING_COLUMN",
    `${path} has no column ${quoted(missing)}; it has ${quoted([...columns, ...partitions])}. ` +
      "Histories need a user and a history, or a user, an item and a time: name the columns with " +
      "`columns`, such as user=user_id,history=items or user=user_id,item=item_id,time=timestamp.",
  );
}

function guessedLayout(given: HistoryColumns, has: (role: ColumnRole) => boolean): HistoryLayout {
  if (given.history !== undefined) return "rows";
  if (given.item !== undefined || given.time !== undefined) return "events";
  return !has("history") && has("item") ? "events" : "rows";
}

function twoColumns(
  path: string,
  { role, name, other }: { role: ColumnRole; name: string; other: string },
): DatasetError {
  const both = name === other ? `two columns "${name}"` : `the columns "${name}" and "${other}"`;
  const remedy =
    name === other ? "Rename one of them." : `Name one with \`columns\` ${role}=${name}.`;
  return new DatasetError(
    "MISSING_COLUMN",
    `${path} has ${both}, and either could be the ${role}. ${remedy}`,
  );
}

function quoted(names: readonly string[]): string {
  return excerpts(names) || "none";
}
