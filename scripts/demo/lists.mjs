import { readRecommendations } from "@nightbeam/run";
import { places } from "./places.mjs";
import { jsonLines, shop } from "./world.mjs";

const SHOWN = { users: 2, history: 6, list: 6 };
const WIDTH = 54;

/** Prints a few lists beside what the users took before. */
export async function printLists() {
  const names = new Map(jsonLines(shop.items).map(({ item, name }) => [item, name]));
  const histories = new Map(jsonLines(shop.histories).map(({ user, history }) => [user, history]));
  const { value: first = [] } = await readRecommendations(places.lists).next();
  for (const { user, items } of first.slice(0, SHOWN.users)) {
    const taken = (histories.get(user) ?? []).slice(-SHOWN.history).reverse();
    console.log(`\n  ${`${user} took, latest first`.padEnd(WIDTH)}  and gets`);
    for (let row = 0; row < Math.max(SHOWN.history, SHOWN.list); row++) {
      const before = names.get(taken[row]) ?? "";
      const next = row < SHOWN.list ? items[row] : undefined;
      const list = next === undefined ? "" : `${row + 1}. ${names.get(next.item) ?? next.item}`;
      console.log(`  ${before.slice(0, WIDTH).padEnd(WIDTH)}  ${list}`.trimEnd());
    }
  }
}
