import { idOf, idProblem } from "@nightbeam/dataset";
import type { OwnerTable } from "./owner-table.js";

/** Values of a record by name. */
export type Values = Readonly<Record<string, unknown>>;

/** A record that cannot be used, and why. */
export interface BadRecord {
  readonly kind: "bad";
  readonly detail: string;
}

/** An event, as a record of the data set describes it. */
export type OwnerEvent =
  | {
      readonly kind: "event";
      readonly user: string;
      readonly item: string;
      /** Milliseconds since 1970, a whole number; 0 if the data set has no times. */
      readonly moment: number;
      /** Undefined if there is none. */
      readonly rating: number | undefined;
    }
  /** Valid, but not asked for. */
  | { readonly kind: "left-out" };

/** An item, as a record of the data set describes it. */
export interface OwnerItem {
  readonly kind: "item";
  readonly item: string;
  readonly name: string | undefined;
  /** All texts about the item: name, category, description, …, one per line. */
  readonly text: string | undefined;
  /** From general to special; may be empty. */
  readonly category: readonly string[];
}

/** A file of a data set, and how its records are read. */
export interface OwnerFile<Good> {
  readonly table: OwnerTable;
  /** The format that is expected, for messages. */
  readonly expected: string;
  read(values: Values): Good | BadRecord;
}

/** A file that maps ids to other names, as Goodreads's CSV needs. */
export interface OwnerNames {
  readonly table: OwnerTable;
  readonly expected: string;
  /** Columns of the id as the events have it, and of its name. */
  readonly from: string;
  readonly to: string;
}

/** A data set as its owner publishes it. */
export interface OwnerFiles {
  /** "movielens", "goodreads", "amazon" */
  readonly dataSet: string;
  readonly events: OwnerFile<OwnerEvent>;
  readonly items: OwnerFile<OwnerItem> | undefined;
  readonly userNames?: OwnerNames | undefined;
  readonly itemNames?: OwnerNames | undefined;
  /** Whether events have times; if not, they are in the order of the file. */
  readonly dated: boolean;
}

/** Checks raw values and makes an event of them. */
export function eventOf(raw: {
  readonly user: readonly [string, unknown];
  readonly item: readonly [string, unknown];
  readonly moment: number | undefined;
  /** Name and value of the time, for messages. */
  readonly time: readonly [string, unknown];
  readonly rating: unknown;
}): OwnerEvent | BadRecord {
  const user = idOf(raw.user[1]);
  if (user === undefined) return { kind: "bad", detail: idProblem(...raw.user) };
  const item = idOf(raw.item[1]);
  if (item === undefined) return { kind: "bad", detail: idProblem(...raw.item) };
  const { moment } = raw;
  if (moment === undefined || !Number.isSafeInteger(moment) || moment < 0) {
    const [name, value] = raw.time;
    const problem = value === undefined ? "is missing" : `${JSON.stringify(value)} is not a time`;
    return { kind: "bad", detail: `${name} ${problem}` };
  }
  return { kind: "event", user, item, moment, rating: numberOf(raw.rating) };
}

/** A number, or a text that is one. */
export function numberOf(value: unknown): number | undefined {
  if (typeof value === "string" && value.trim() === "") return undefined;
  const number = typeof value === "number" || typeof value === "string" ? Number(value) : undefined;
  return number !== undefined && Number.isFinite(number) ? number : undefined;
}

/** Unix seconds as milliseconds. */
export function secondsOf(value: unknown): number | undefined {
  const seconds = numberOf(value);
  return seconds === undefined ? undefined : Math.round(seconds * 1_000);
}

/** Joins texts as lines, without the empty ones. */
export function textOf(lines: readonly (string | undefined)[]): string | undefined {
  const said = lines.flatMap((line) => {
    const clean = line?.replaceAll(/\s+/g, " ").trim() ?? "";
    return clean === "" ? [] : [clean];
  });
  return said.length === 0 ? undefined : said.join("\n");
}
