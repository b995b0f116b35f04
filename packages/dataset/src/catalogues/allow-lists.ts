import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { excerpt } from "@nightbeam/catalogue";
import { readSmall } from "@nightbeam/store";
import { z } from "zod";
import { DatasetError, readFailure } from "../errors.js";
import { parseExactJson } from "../files/exact-json.js";
import { fileHash } from "../files/file-hash.js";
import { isListText, parseListText } from "../files/item-text.js";
import { idOf } from "../histories/ids.js";
import { ITEM_COLUMN } from "./catalogue-columns.js";
import { readItemList } from "./item-list.js";
import { itemRows, unusableList } from "./item-rows.js";

/** The items that the users of each group may get, by the group's name. */
export type AllowLists = ReadonlyMap<string, readonly string[]>;

const listsSchema = z.record(z.string(), z.array(z.union([z.string(), z.number()])));
const GROUP_COLUMNS = ["group", "groups"];
const USER_COLUMN = "user";

/**
 * Reads lists of items per group: a directory with a list per group, as `readItemList` reads it, named after the group
 * (`DE.txt`, `kids.parquet`); a JSON object `{"DE": ["7", "9"]}`; or a table with the columns group and item_id.
 *
 * @throws DatasetError as `readItemList`
 */
export async function readAllowLists(path: string): Promise<AllowLists> {
  const files = await filesIn(path);
  const lists = new Map<string, string[]>();
  if (files !== undefined) {
    for (const file of files) {
      const group = groupOf(file);
      if (lists.has(group))
        throw unusableList(path, `two files are lists of the group ${excerpt(group)}`);
      lists.set(group, await readItemList(join(path, file)));
    }
  } else if (path.toLowerCase().endsWith(".json")) {
    for (const [group, items] of Object.entries(await readJson(path))) {
      lists.set(group, items.map(String));
    }
  } else {
    const rows = itemRows(path, { column: ITEM_COLUMN, values: GROUP_COLUMNS });
    for await (const { item, value, where } of rows) {
      const group = idOf(value);
      if (group === undefined)
        throw unusableList(path, `${where} names no group in a column "group"`);
      const list = lists.get(group) ?? [];
      list.push(item);
      lists.set(group, list);
    }
  }
  if (lists.size > 0) return lists;
  throw unusableList(path, "there is no list in it");
}

/** The SHA-256, in hex, of the lists' files. @throws DatasetError */
export async function allowListsHash(path: string): Promise<string> {
  const files = await filesIn(path);
  if (files === undefined) return fileHash(path);
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file} ${await fileHash(join(path, file))}\n`);
  return hash.digest("hex");
}

/**
 * Reads which groups users belong to: a table with the columns user and group. A user may have several rows, or a list of
 * groups.
 *
 * @throws DatasetError FILE_NOT_FOUND, UNREADABLE, MISSING_COLUMN, COLUMN_TYPE
 */
export async function readUserGroups(path: string): Promise<Map<string, readonly string[]>> {
  const groups = new Map<string, readonly string[]>();
  for await (const { item: user, value, where } of itemRows(path, {
    column: USER_COLUMN,
    values: GROUP_COLUMNS,
  })) {
    const given = groupsOf(value).map(idOf);
    const named = given.flatMap((group) => group ?? []);
    if (named.length < given.length)
      throw unusableList(path, `${where} names no group in a column "group"`);
    groups.set(user, [...(groups.get(user) ?? []), ...named]);
  }
  return groups;
}

/** Groups in a field: one, or a list of them as JSON, Python or DuckDB write it. */
function groupsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value !== "string" || !isListText(value)) return [value];
  const list = parseListText(value);
  return list.ok ? list.items : [value];
}

/** The names of a directory's files, sorted, without hidden ones; undefined if this is a file. */
async function filesIn(path: string): Promise<string[] | undefined> {
  try {
    if (!(await stat(path)).isDirectory()) return undefined;
    return (await readdir(path)).filter((name) => !/^[._]/.test(name)).toSorted();
  } catch (error) {
    throw readFailure(path, error);
  }
}

function groupOf(file: string): string {
  return basename(file).replace(
    /(\.(txt|csv|tsv|json|jsonl|ndjson|parquet|pq))?(\.(gz|gzip|zst|zstd))?$/i,
    "",
  );
}

async function readJson(path: string): Promise<z.infer<typeof listsSchema>> {
  try {
    return listsSchema.parse(parseExactJson((await readSmall(path)).toString("utf8")));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) {
      throw new DatasetError(
        "UNREADABLE",
        `${path} does not hold lists: write {"group": ["item", …], …}.`,
        { cause: error },
      );
    }
    throw readFailure(path, error);
  }
}
