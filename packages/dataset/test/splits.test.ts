import { put, useTempDirs } from "@nightbeam/testing";
import { describe, expect, it } from "vitest";
import { readSplits } from "../src/splits/read-splits.js";

describe("a data set that is split by time", () => {
  const fresh = useTempDirs();

  function splits(files: { train: string; valid?: string; test?: string }) {
    const dir = fresh();
    put(dir, "train.txt", files.train);
    put(dir, "valid.txt", files.valid ?? "");
    put(dir, "test.txt", files.test ?? "");
    return dir;
  }

  it("gives the items of each user before and after the test, numbered from 0", async () => {
    const dir = splits({ train: "7 3 1\n8 2\n", valid: "7 5\n8\n9 4\n", test: "7\n8 9 9\n" });
    expect(await readSplits(dir)).toEqual([
      { user: "7", history: ["2", "0", "4"], heldOut: [] },
      { user: "8", history: ["1"], heldOut: ["8", "8"] },
      { user: "9", history: ["3"], heldOut: [] },
    ]);
  });

  it("takes tabs, empty lines and line breaks of any kind", async () => {
    const dir = splits({ train: "a\t1  2 \r\n\n  \nb 3" });
    const users = await readSplits(dir);
    expect(users.map(({ user, history }) => [user, ...history])).toEqual([
      ["a", "0", "1"],
      ["b", "2"],
    ]);
  });

  it.each(["0", "-1", "1.5", "x", "99999999999999999999"])("refuses the item %s", async (item) => {
    const dir = splits({ train: "1 2\n", valid: `1 2\n1 3 ${item}\n` });
    await expect(readSplits(dir)).rejects.toMatchObject({
      code: "UNREADABLE",
      message: expect.stringContaining(`valid.txt, line 2: "${item}"`),
    });
  });

  it("refuses a directory that lacks a part", async () => {
    const dir = fresh();
    put(dir, "train.txt", "1 2\n");
    await expect(readSplits(dir)).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
  });
});
