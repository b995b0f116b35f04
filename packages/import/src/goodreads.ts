import { DatasetError, idOf, idProblem } from "@nightbeam/dataset";
import { z } from "zod";
import type {
  BadRecord,
  OwnerEvent,
  OwnerFiles,
  OwnerItem,
  OwnerNames,
  Values,
} from "./owner-files.js";
import { eventOf, textOf } from "./owner-files.js";
import { isCsv, openOwnerTable } from "./owner-table.js";

/** Files of the UCSD Book Graph. */
export interface GoodreadsOptions {
  /** `goodreads_interactions_*.json(.gz)`, with dates, or `goodreads_interactions.csv`, without. */
  readonly interactions: string;
  /** `goodreads_books*.json(.gz)` */
  readonly books?: string | undefined;
  /** `book_id_map.csv` and `user_id_map.csv`: the CSV's own numbers -> ids of Goodreads. */
  readonly bookIds?: string | undefined;
  readonly userIds?: string | undefined;
  /** Includes books that users put on a shelf and did not mark as read. Default: false. */
  readonly shelved?: boolean | undefined;
}

/** "Tue Nov 17 11:37:35 -0800 2015" */
const DATE = /^\w{3} (\w{3}) (\d{1,2}) (\d{2}:\d{2}:\d{2}) ([+-]\d{4}) (\d{4})$/;

const bookSchema = z.object({
  book_id: z.unknown().optional(),
  title: z.string().optional().catch(undefined),
  description: z.string().optional().catch(undefined),
});

/** @throws DatasetError BAD_OPTION if titles would go to the wrong books, or id maps have no use */
export async function goodreadsFiles(options: GoodreadsOptions): Promise<OwnerFiles> {
  const { interactions, books, bookIds, userIds, shelved = false } = options;
  const numbered = isCsv(interactions);
  if (numbered && books !== undefined && bookIds === undefined) {
    throw new DatasetError(
      "BAD_OPTION",
      `${interactions} has its own numbers for books: give book_id_map.csv as well, or books get wrong titles.`,
    );
  }
  if (!numbered && (bookIds !== undefined || userIds !== undefined)) {
    throw new DatasetError(
      "BAD_OPTION",
      `${interactions} has the ids of Goodreads; the id maps belong to goodreads_interactions.csv. Leave them out.`,
    );
  }
  return {
    dataSet: "goodreads",
    dated: !numbered,
    events: {
      table: await openOwnerTable(interactions),
      expected: numbered
        ? "Goodreads's user_id,book_id,is_read,rating,is_reviewed"
        : "Goodreads's JSON lines with user_id, book_id, is_read, rating, date_added",
      read: (values) => readInteraction(values, { shelved, dated: !numbered }),
    },
    items:
      books === undefined
        ? undefined
        : {
            table: await openOwnerTable(books),
            expected: "Goodreads's JSON lines with book_id, title, description",
            read: readBook,
          },
    userNames: await namesIn(userIds, "user_id"),
    itemNames: await namesIn(bookIds, "book_id"),
  };
}

function readInteraction(
  values: Values,
  options: { readonly shelved: boolean; readonly dated: boolean },
): OwnerEvent | BadRecord {
  const { user_id, book_id, rating, date_added } = values;
  // Earlier releases of the JSON files spell it isRead.
  const isRead = values.is_read ?? values.isRead;
  const event = eventOf({
    user: ["user_id", user_id],
    item: ["book_id", book_id],
    moment: options.dated ? momentOf(date_added) : 0,
    time: ["date_added", date_added],
    rating,
  });
  if (event.kind !== "event" || options.shelved) return event;
  if (isRead === undefined) return { kind: "bad", detail: "is_read is missing" };
  return isTrue(isRead) ? event : { kind: "left-out" };
}

function isTrue(value: unknown): boolean {
  return value === true || value === 1 || value === "1";
}

function momentOf(value: unknown): number | undefined {
  if (typeof value !== "string") return undefined;
  const [, month, day, time, zone, year] = DATE.exec(value) ?? [];
  if (month === undefined) return undefined;
  const moment = Date.parse(`${day} ${month} ${year} ${time} ${zone}`);
  return Number.isNaN(moment) ? undefined : moment;
}

function readBook(values: Values): OwnerItem | BadRecord {
  const book = bookSchema.parse(values);
  const item = idOf(book.book_id);
  if (item === undefined) return { kind: "bad", detail: idProblem("book_id", book.book_id) };
  const name = textOf([book.title]);
  return { kind: "item", item, name, text: textOf([name, book.description]), category: [] };
}

async function namesIn(path: string | undefined, id: string): Promise<OwnerNames | undefined> {
  if (path === undefined) return undefined;
  const from = `${id}_csv`;
  return {
    table: await openOwnerTable(path),
    expected: `Goodreads's ${from},${id}`,
    from,
    to: id,
  };
}
