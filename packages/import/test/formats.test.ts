import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { put, useTempDirs } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { amazonFiles } from "../src/amazon.js";
import { goodreadsFiles } from "../src/goodreads.js";
import { movielensFiles } from "../src/movielens.js";
import { histories, importInto, jsonLines, lines, reviews } from "./files.js";

const tempDir = useTempDirs();
/** All but the last event of the file's end. */
const shares = [3, 0, 1] as const;

describe("MovieLens", () => {
  it("reads the .dat files, titles in Latin-1", async () => {
    const dir = tempDir();
    put(
      dir,
      "ratings.dat",
      lines("1::10::5::100", "1::20::3::101", "2::10::4::102", "1::30::4::103"),
    );
    const movies = lines(
      "10::Léon (1994)::Action|Drama",
      "20::It: A::Film (1990)::Horror",
      "30::M (1931)::Crime",
    );
    put(dir, "movies.dat", Buffer.from(movies, "latin1"));
    const report = await importInto(dir, { files: await movielensFiles({ data: dir }), shares });
    expect(histories(dir, "out", "histories.jsonl")).toEqual(["1: 10 20"]);
    expect(histories(dir, "out", "held-out.jsonl")).toEqual(["1: 30"]);
    expect(jsonLines(dir, "out", "items.jsonl")).toEqual([
      {
        item: "10",
        name: "Léon (1994)",
        text: "Léon (1994)\nAction, Drama",
        category: ["Action", "Action|Drama"],
      },
      // Its title has the separator in it.
      { item: "20", category: [] },
      { item: "30", name: "M (1931)", text: "M (1931)\nCrime", category: ["Crime"] },
    ]);
    expect(jsonLines(dir, "out", "rejected.jsonl")).toEqual([
      {
        file: join(dir, "movies.dat"),
        line: 2,
        reason: "expected movieId::title::genres, found 4 fields",
      },
    ]);
    expect(report).toMatchObject({
      itemsWithoutName: 1,
      usersWithOneEvent: 1,
      testFrom: "1970-01-01T00:01:43.000Z",
    });
  });

  it("reads the CSV files, gzipped or not, and half stars", async () => {
    const dir = tempDir();
    const ratings = lines(
      "userId,movieId,rating,timestamp",
      "1,10,4.5,100",
      "1,20,0.5,101",
      "1,30,5.0,102",
    );
    put(dir, "ratings.csv.gz", gzipSync(ratings));
    put(
      dir,
      "movies.csv",
      lines("movieId,title,genres", '10,"Hour, The (1990)",(no genres listed)', "30,X,A|B"),
    );
    const files = await movielensFiles({ data: dir });
    const report = await importInto(dir, { files, minRating: 4.5, shares: [1, 0, 0] });
    expect(histories(dir, "out", "train.jsonl")).toEqual(["1: 10 30"]);
    expect(jsonLines(dir, "out", "items.jsonl")).toEqual([
      { item: "10", name: "Hour, The (1990)", text: "Hour, The (1990)", category: [] },
      { item: "30", name: "X", text: "X\nA, B", category: ["A", "A|B"] },
    ]);
    expect(report).toMatchObject({
      read: { lines: 3, belowRating: 1, rejected: 0 },
      testFrom: null,
    });
  });

  it("reports a directory without ratings", async () => {
    await expect(movielensFiles({ data: tempDir() })).rejects.toMatchObject({
      code: "FILE_NOT_FOUND",
      message: expect.stringContaining("neither ratings.dat nor ratings.csv"),
    });
  });
});

describe("Goodreads", () => {
  const interaction = (book: string, date: string, rest: object = {}) =>
    JSON.stringify({
      user_id: "u",
      book_id: book,
      is_read: true,
      rating: 4,
      date_added: date,
      ...rest,
    });

  it("orders JSON lines by date with time zones, and leaves out books that were not read", async () => {
    const dir = tempDir();
    const interactions = put(
      dir,
      "goodreads_interactions_poetry.json.gz",
      gzipSync(
        lines(
          interaction("late", "Tue Nov 17 11:37:35 -0800 2015"),
          interaction("early", "Tue Nov 17 19:37:34 +0000 2015"),
          interaction("shelf", "Tue Nov 17 11:37:36 -0800 2015", { is_read: false, rating: 0 }),
          interaction("bad", "yesterday"),
        ),
      ),
    );
    const books = put(
      dir,
      "goodreads_books_poetry.json",
      lines(JSON.stringify({ book_id: "late", title: "Late", description: "A\n book.", isbn: "" })),
    );
    const files = await goodreadsFiles({ interactions, books });
    const report = await importInto(dir, { files, shares: [1, 0, 1] });
    expect(histories(dir, "out", "histories.jsonl")).toEqual(["u: early"]);
    expect(histories(dir, "out", "held-out.jsonl")).toEqual(["u: late"]);
    expect(jsonLines(dir, "out", "items.jsonl")[0]).toEqual({
      item: "late",
      name: "Late",
      text: "Late\nA book.",
      category: [],
    });
    expect(report.read).toMatchObject({ lines: 4, leftOut: 1, rejected: 1 });
    expect(jsonLines(dir, "out", "rejected.jsonl")).toEqual([
      { file: interactions, line: 4, reason: 'date_added "yesterday" is not a time' },
    ]);
    const all = await goodreadsFiles({ interactions, shelved: true });
    const other = join(dir, "other");
    mkdirSync(other);
    await importInto(other, { files: all, shares: [1, 0, 0] });
    expect(histories(other, "out", "train.jsonl")).toEqual(["u: early late shelf"]);
  });

  it("splits the CSV user by user in the order of the file, and gives ids their names", async () => {
    const dir = tempDir();
    const row = (user: number, book: number) => `${user},${book},1,5,0`;
    const interactions = put(
      dir,
      "goodreads_interactions.csv",
      lines(
        "user_id,book_id,is_read,rating,is_reviewed",
        ...[0, 1, 2, 3, 4].map((book) => row(0, book)),
        ...[4, 3, 9].map((book) => row(1, book)),
        "1,2,0,0,0",
      ),
    );
    const bookIds = put(
      dir,
      "book_id_map.csv",
      lines("book_id_csv,book_id", ...[0, 1, 2, 3, 4].map((book) => `${book},${book + 100}`)),
    );
    const userIds = put(dir, "user_id_map.csv", lines("user_id_csv,user_id", "0,ann", "1,bob"));
    const files = await goodreadsFiles({ interactions, bookIds, userIds });
    const report = await importInto(dir, { files });
    expect(histories(dir, "out", "histories.jsonl")).toEqual(["ann: 100 101 102 103", "bob: 104"]);
    expect(histories(dir, "out", "held-out.jsonl")).toEqual(["ann: 104", "bob: 103"]);
    expect(report).toMatchObject({ validFrom: null, read: { lines: 9, rejected: 1, leftOut: 1 } });
    expect(jsonLines(dir, "out", "rejected.jsonl")).toEqual([
      { file: interactions, line: 9, reason: `book_id_csv 9 is not in ${bookIds}` },
    ]);
  });

  it("refuses titles that would go to other books", async () => {
    const files = goodreadsFiles({ interactions: "goodreads_interactions.csv", books: "b.json" });
    await expect(files).rejects.toMatchObject({ code: "BAD_OPTION" });
    const maps = goodreadsFiles({ interactions: "i.json.gz", bookIds: "book_id_map.csv" });
    await expect(maps).rejects.toMatchObject({ code: "BAD_OPTION" });
  });
});

describe("Amazon", () => {
  it("reads 2014's reviews and its meta lines, which are Python dicts", async () => {
    const dir = tempDir();
    const rows = reviews([
      ["A1", "B1", 100],
      ["A1", "B2", 101],
      ["A1", "B3", 102],
    ]);
    const meta = lines(
      String.raw`{'asin': 'B1', 'title': "Burt's Bees", 'description': 'It\'s new', 'categories': [['Beauty', 'Skin'], ['Gifts']], 'price': 8.35}`,
      "{'asin': 'B2', 'title': broken}",
      "{'asin': 'B3', 'salesRank': {}, 'brand': None}",
      "{'asin': 'B1', 'title': 'again'}",
      "{'asin': 'unheard', 'title': 'of'}",
    );
    const files = await amazonFiles({
      reviews: put(dir, "reviews_Beauty_5.json.gz", gzipSync(rows)),
      meta: put(dir, "meta_Beauty.json.gz", gzipSync(meta)),
    });
    const report = await importInto(dir, { files, shares: [1, 0, 0] });
    expect(jsonLines(dir, "out", "items.jsonl")).toEqual([
      {
        item: "B1",
        name: "Burt's Bees",
        text: "Burt's Bees\nBeauty > Skin\nIt's new",
        category: ["Beauty", "Skin"],
      },
      { item: "B2", category: [] },
      { item: "B3", category: [] },
    ]);
    expect(report).toMatchObject({ itemsWithoutName: 2, itemLines: { lines: 5, rejected: 1 } });
  });

  it("reads 2018's and 2023's meta lines", async () => {
    const dir = tempDir();
    const rows = reviews([
      ["A1", "B1", 100],
      ["A1", "B2", 101],
    ]);
    const meta = [
      {
        asin: "B1",
        title: "One",
        brand: "Brand",
        category: ["A", "B"],
        feature: ["f"],
        description: ["d"],
      },
      {
        parent_asin: "B2",
        title: "Two",
        store: "Store",
        categories: ["C"],
        features: [],
        description: [],
      },
    ];
    const files = await amazonFiles({
      reviews: put(dir, "Beauty_5.json", rows),
      meta: put(dir, "meta.jsonl", lines(...meta.map((row) => JSON.stringify(row)))),
    });
    await importInto(dir, { files, shares: [1, 0, 0] });
    expect(jsonLines(dir, "out", "items.jsonl")).toEqual([
      { item: "B1", name: "One", text: "One\nBrand\nA > B\nf\nd", category: ["A", "B"] },
      { item: "B2", name: "Two", text: "Two\nStore\nC", category: ["C"] },
    ]);
  });

  it("reads 2023's reviews and its CSV alike: milliseconds, the parent's id", async () => {
    const dir = tempDir();
    const rows = [
      { user_id: "A", parent_asin: "P2", asin: "V", rating: 5, timestamp: 1_588_687_728_923 },
      { user_id: "A", parent_asin: "P1", asin: "V", rating: 4, timestamp: 1_588_687_728_922 },
    ];
    const csv = rows.map((row) =>
      [row.user_id, row.parent_asin, row.rating, row.timestamp].join(","),
    );
    const paths = [
      put(dir, "All_Beauty.jsonl.gz", gzipSync(lines(...rows.map((row) => JSON.stringify(row))))),
      put(dir, "All_Beauty.csv", lines("user_id,parent_asin,rating,timestamp", ...csv)),
    ];
    for (const path of paths) {
      const place = tempDir();
      const files = await amazonFiles({ reviews: path });
      const report = await importInto(place, { files, shares: [1, 0, 1] });
      expect(histories(place, "out", "histories.jsonl")).toEqual(["A: P1"]);
      expect(histories(place, "out", "held-out.jsonl")).toEqual(["A: P2"]);
      expect(report.testFrom).toBe("2020-05-05T14:08:48.923Z");
    }
  });
});
