import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeShop, measureBaselines, shopUsers, writeShop } from "@nightbeam/demo-shop";
import { places } from "./places.mjs";
import { nightbeam } from "./run.mjs";

const SEED = 7;
const ITEMS = 6000;
/** Users from this number on were not used for training: scripts/demo-models.mjs. */
const [FIRST, END] = [22_000, 24_000];

export const USERS = END - FIRST;
export const SHOP = `A simulated shop: ${ITEMS.toLocaleString("en")} items, ${USERS.toLocaleString("en")} users that the models never saw`;

/** The files of the shop. */
export const shop = {
  items: join(places.shop, "items.jsonl"),
  histories: join(places.shop, "histories.jsonl"),
  heldOut: join(places.shop, "held-out.jsonl"),
};

/** What every search of the demo is given. */
export const FILES = [
  ...["--target", places.target, "--catalogue", places.catalogue],
  ...["--histories", shop.histories],
];
export const WIDTHS = ["--beam-width", "10", "--exclude-seen"];
export const DRAFT = ["--draft", places.draft, "--draft-width", "32"];

/** Writes the shop and converts the models, unless they are there. */
export async function makeWorld() {
  if (!existsSync(shop.heldOut)) {
    const users = { users: END, fromUser: FIRST };
    await writeShop({ directory: places.shop, seed: SEED, items: ITEMS, ...users });
  }
  for (const model of ["target", "draft"]) {
    if (existsSync(join(places[model], "config.json"))) continue;
    nightbeam("convert", "--model", join(places.world, model), "--out", places[model]);
  }
}

/** The lists of one machine, with the draft. */
export function draftedLists() {
  const sample = ["--sample-searches", "24", "--out", places.lists];
  nightbeam("recommend", ...FILES, ...DRAFT, ...WIDTHS, ...sample);
}

/** Recall@10 of what needs no model. */
export function baselines() {
  const all = makeShop({ seed: SEED, items: ITEMS });
  return measureBaselines({
    counted: shopUsers({ shop: all, from: 0, to: FIRST }),
    judged: [...shopUsers({ shop: all, from: FIRST, to: END })],
  });
}

export const jsonLines = (path) =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
