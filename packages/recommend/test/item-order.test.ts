import { buildCatalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import { put, useTempDirs } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { readItemWeights } from "../src/shard/item-order.js";
import { listNotes } from "../src/shard/list-notes.js";

const tempDir = useTempDirs();
const paths = { a: [0, 1], b: [0, 1], c: [0, 2] };
const catalogue = buildCatalogue(
  Object.entries(paths).map(([id, codes]) => ({ id, codes, where: id })),
);

async function* histories(): AsyncGenerator<HistoryRow[]> {
  yield [{ kind: "history", row: 0, user: "u", items: ["b", "c", "b", "gone"] }];
  yield [{ kind: "rejected", row: 1, reason: "empty_history", detail: "no items" }];
  yield [{ kind: "history", row: 2, user: "v", items: ["b", "a"] }];
}

const weightsOf = async (itemOrder: string | readonly string[] | undefined) => {
  const weights = await readItemWeights({ itemOrder, catalogue, histories });
  return (
    weights &&
    Object.fromEntries(["a", "b", "c"].map((id) => [id, weights[catalogue.itemIndex(id) ?? 0]]))
  );
};

describe("the order of items on one path", () => {
  it("is by id, by counts of the histories, or that of a file", async () => {
    const last = Number.NEGATIVE_INFINITY;
    const file = (name: string, content: string) => weightsOf(put(tempDir(), name, content));
    expect(await weightsOf(undefined)).toBeUndefined();
    expect(await weightsOf("histories")).toEqual({ a: 1, b: 3, c: 1 });
    expect(await weightsOf(["b", "gone", "a"])).toEqual({ a: -2, b: -0, c: last });
    expect(await file("o.txt", "b\na\nb\n")).toEqual({ a: -1, b: -0, c: last });
    expect(await file("o.csv", "item_id,count\na,3\nc,10\nb,3\n")).toEqual({ a: -1, b: -2, c: -0 });
    expect(await file("o.jsonl", '{"item_id":"c","popularity":0.5}')).toEqual({
      a: last,
      b: last,
      c: -0,
    });
  });

  it("is refused if the catalogue has none of its items, or a count is no number", async () => {
    await expect(weightsOf(["7", "8"])).rejects.toMatchObject({
      code: "BAD_ITEM_ORDER",
      message: expect.stringContaining('of its 2 items, such as "7", the catalogue has none'),
    });
    const path = put(tempDir(), "o.csv", "item_id,count\na,many\n");
    await expect(weightsOf(path)).rejects.toMatchObject({
      code: "UNREADABLE",
      message: expect.stringMatching(/line 2: the count of item "a" is "many"/),
    });
  });
});

describe("settings that a catalogue makes pointless", () => {
  const unique = buildCatalogue([
    { id: "a", codes: [0, 1], where: "a" },
    { id: "b", codes: [0, 2], where: "b" },
  ]);

  it.each([
    [{ topK: 2, itemOrder: "histories" }, catalogue, []],
    [{ topK: 4 }, catalogue, [/^`topK` 4 is more than the 3 items that can be recommended/]],
    [{ topK: 2, itemOrder: "histories" }, unique, [/^`itemOrder` changes nothing/]],
    [
      { topK: 2, itemsPerPath: 1, itemOrder: "f" },
      unique,
      [/^`itemOrder` and `itemsPerPath` change/],
    ],
  ])("%j are named", (settings, given, notes) => {
    expect(listNotes(settings, given)).toEqual(notes.map((one) => expect.stringMatching(one)));
  });
});
