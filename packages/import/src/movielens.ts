import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatasetError, idOf, idProblem } from "@nightbeam/dataset";
import type { BadRecord, OwnerEvent, OwnerFiles, OwnerItem, Values } from "./owner-files.js";
import { eventOf, secondsOf, textOf } from "./owner-files.js";
import { openDatTable, openOwnerTable } from "./owner-table.js";

const RATING_COLUMNS = ["userId", "movieId", "rating", "timestamp"];
const MOVIE_COLUMNS = ["movieId", "title", "genres"];
const NO_GENRES = "(no genres listed)";

/**
 * A directory of MovieLens: `ratings.dat` and `movies.dat` (1M, 10M), or `ratings.csv` and
 * `movies.csv` (20M and later); each may be gzipped, movies may be missing.
 *
 * Layouts: the README files of GroupLens beside the data.
 *
 * @throws DatasetError FILE_NOT_FOUND
 */
export async function movielensFiles(options: { readonly data: string }): Promise<OwnerFiles> {
  const { data } = options;
  const find = (...names: readonly string[]) =>
    names.map((name) => join(data, name)).find((path) => existsSync(path));
  const dat = find("ratings.dat", "ratings.dat.gz");
  const csv = dat === undefined ? find("ratings.csv", "ratings.csv.gz") : undefined;
  const ratings = dat ?? csv;
  if (ratings === undefined) {
    throw new DatasetError(
      "FILE_NOT_FOUND",
      `${data} has neither ratings.dat nor ratings.csv. Name the directory that MovieLens's archive unpacks to.`,
    );
  }
  const movies =
    dat === undefined ? find("movies.csv", "movies.csv.gz") : find("movies.dat", "movies.dat.gz");
  const open = async (path: string, columns: readonly string[]) =>
    dat === undefined ? await openOwnerTable(path) : openDatTable(path, columns);
  const expectedOf = (columns: readonly string[]) =>
    `MovieLens's ${columns.join(dat === undefined ? "," : "::")}`;
  return {
    dataSet: "movielens",
    dated: true,
    events: {
      table: await open(ratings, RATING_COLUMNS),
      expected: expectedOf(RATING_COLUMNS),
      read: readRating,
    },
    items:
      movies === undefined
        ? undefined
        : {
            table: await open(movies, MOVIE_COLUMNS),
            expected: expectedOf(MOVIE_COLUMNS),
            read: readMovie,
          },
  };
}

function readRating({ userId, movieId, rating, timestamp }: Values): OwnerEvent | BadRecord {
  return eventOf({
    user: ["userId", userId],
    item: ["movieId", movieId],
    moment: secondsOf(timestamp),
    time: ["timestamp", timestamp],
    rating,
  });
}

function readMovie({ movieId, title, genres }: Values): OwnerItem | BadRecord {
  const item = idOf(movieId);
  if (item === undefined) return { kind: "bad", detail: idProblem("movieId", movieId) };
  const name = textOf([typeof title === "string" ? title : undefined]);
  const all = typeof genres === "string" && genres !== NO_GENRES ? genres : "";
  const list = all.split("|").filter((genre) => genre !== "");
  const [first] = list;
  // Genres are a set without an order; the first one serves as the wider category.
  const category = first === undefined ? [] : list.length === 1 ? [first] : [first, all];
  return { kind: "item", item, name, text: textOf([name, list.join(", ")]), category };
}
