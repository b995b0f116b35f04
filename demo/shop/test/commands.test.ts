import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { measureShopCommand, writeShopCommand } from "../src/command/commands.js";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "nightbeam-shop-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function lines(...path: string[]): Promise<string[]> {
  return (await readFile(join(directory, ...path), "utf8")).trim().split("\n");
}

describe("write-shop", () => {
  test("writes items, histories and held-out items, and lists the files", async () => {
    const out = join(directory, "whole");
    const said = await writeShopCommand(["--out", out, "--users", "600", "--seed=3"]);
    const items = await lines("whole", "items.jsonl");
    const histories = await lines("whole", "histories.jsonl");
    const heldOut = await lines("whole", "held-out.jsonl");
    expect([items.length, histories.length, heldOut.length]).toEqual([6_000, 600, 600]);
    expect(JSON.parse(items[12] ?? "")).toEqual({
      item: "12",
      name: expect.stringMatching(/^[A-Z]/),
      category: [expect.any(String), expect.any(String), expect.any(String)],
      brand: expect.any(String),
      tier: expect.stringMatching(/^(budget|standard|premium)$/),
    });
    expect(histories[599]).toMatch(/^\{"user":"u599","history":\["\d+"(,"\d+")+\]\}$/);
    expect(heldOut[599]).toMatch(/^\{"user":"u599","history":\["\d+"\]\}$/);
    expect(said.join("\n")).toContain(join(out, "histories.jsonl"));
    expect(said.join("\n")).toContain("users u0 to u599");
  });

  test("writes the same users alone as among all", async () => {
    const sizes = ["--users", "30", "--items", "2000"];
    await writeShopCommand(["--out", join(directory, "all"), ...sizes]);
    await writeShopCommand(["--out", join(directory, "some"), ...sizes, "--from-user", "20"]);
    for (const file of ["histories.jsonl", "held-out.jsonl"]) {
      expect(await lines("some", file)).toEqual((await lines("all", file)).slice(20));
    }
  });

  test.each([
    { args: [], says: /--out is missing: name the directory/ },
    { args: ["--out"], says: /--out has no value: write it after/ },
    { args: ["--out", "--seed", "1"], says: /--out has no value/ },
    {
      args: ["--out", "x", "--sede", "1"],
      says: /"--sede" is not an option: the options are --out/,
    },
    { args: ["--out", "x", "more"], says: /"more" is not an option/ },
    {
      args: ["--out", "x", "--seed", "-1"],
      says: /--seed is "-1": give a whole number of at least 0/,
    },
    {
      args: ["--out", "x", "--users", "0"],
      says: /--users is "0": give a whole number of at least 1/,
    },
    { args: ["--out", "x", "--users", "1e3"], says: /--users is "1e3"/ },
    {
      args: ["--out", "x", "--items", "10"],
      says: /--items is 10: give a whole number from \d+ to/,
    },
    {
      args: ["--out", "x", "--users", "5", "--from-user", "5"],
      says: /--from-user is 5: give a number below --users, which is 5/,
    },
  ])("refuses $args", async ({ args, says }) => {
    await expect(writeShopCommand(args)).rejects.toMatchObject({
      code: "BAD_OPTION",
      message: expect.stringMatching(says),
    });
  });
});

test("measure-shop prints the recall of simple counting", async () => {
  const said = await measureShopCommand(["--users", "200", "--items", "2000"]);
  expect(said).toHaveLength(3);
  expect(said[1]).toMatch(/^ {2}popularity +0\.\d{4}$/);
  expect(said[2]).toMatch(/^ {2}transitions +0\.\d{4}$/);
});
