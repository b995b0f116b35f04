import { ShopError } from "../errors.js";
import { createRandom, shuffled } from "../random.js";
import { DEPARTMENTS } from "../words/departments.js";
import { makeKindItems } from "./make-kind-items.js";
import { makeTree } from "./make-tree.js";
import type { Item, Shop } from "./model.js";
import { type KindText, parseDepartment } from "./parse-department.js";
import { countsOfKinds, itemLimits } from "./shares.js";

/**
 * The shop's catalogue: the same seed and size give the same catalogue on every machine.
 *
 * @throws ShopError BAD_OPTION if there are too few names for so many items, or too few items
 */
export function makeShop(options: {
  readonly seed: number;
  /** Default 6,000. */
  readonly items?: number;
}): Shop {
  const { seed, items = 6_000 } = options;
  const texts = DEPARTMENTS.flatMap(parseDepartment);
  const { min, max } = itemLimits(texts);
  if (!Number.isInteger(items) || items < min || items > max) {
    const range = `a whole number from ${min} to ${max}`;
    throw new ShopError("BAD_OPTION", `--items is ${items}: give ${range}`);
  }
  const itemsOfKind = makeItems({ seed, texts, items });
  const byId = itemsOfKind.flat().sort((a, b) => a.id - b.id);
  return { seed, items: byId, ...makeTree({ seed, texts, itemsOfKind }) };
}

/** The items of every kind, most popular first. */
function makeItems(options: {
  readonly seed: number;
  readonly texts: readonly KindText[];
  readonly items: number;
}): Item[][] {
  const { seed, texts, items } = options;
  const counts = countsOfKinds(texts, items);
  const ids = shuffled(createRandom(seed, "ids"), items);
  let place = 0;
  return texts.map((text, kind) => {
    const random = createRandom(seed, `kind ${text.name}`);
    const drafts = makeKindItems({ random, kind: text, count: counts[kind] ?? 0 });
    return drafts.map(({ hasSequel, ...draft }) => {
      const id = ids[place++] ?? 0;
      const sequel = ids[place];
      return { ...draft, id, kind, ...(hasSequel && sequel !== undefined ? { sequel } : {}) };
    });
  });
}
