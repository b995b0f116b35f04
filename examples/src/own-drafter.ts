// A custom drafter. It changes how often the target is called, and no list:
//     node examples/dist/own-drafter.js TARGET CATALOGUE HISTORIES
import { childRange } from "@nightbeam/catalogue";
import { openCatalogue, readHistories } from "@nightbeam/dataset";
import type { Beams, Drafter } from "@nightbeam/decoding";
import { openRecommender, type UserHistory } from "@nightbeam/recommend";

const [target = "", path = "", histories = ""] = process.argv.slice(2);
const catalogue = await openCatalogue(path);

/** Expects the target to prefer the branches of the catalogue that hold the most items. */
const fullestBranches: Drafter = {
  draft: async (requests) =>
    requests.map(({ search: { space, state }, widths }) => {
      const levels: Beams[] = [];
      let { depth, prefixes } = state.beams; // the beams that wait for the target
      for (let width = widths[depth] ?? 0; width > 0; width = widths[depth] ?? 0) {
        const children = [...prefixes].flatMap((prefix) => {
          const { first, end } = childRange(space.trie, prefix);
          return Array.from({ length: end - first }, (_, at) => first + at);
        });
        children.sort((a, b) => catalogue.itemsUnder(b) - catalogue.itemsUnder(a));
        prefixes = Uint32Array.from(children.slice(0, width));
        levels.push({ depth: ++depth, prefixes, scores: new Float64Array(prefixes.length) });
      }
      return { levels };
    }),
  release: () => undefined, // nothing is kept per user
};
const users: UserHistory[] = [];
for await (const rows of readHistories({ path: histories }))
  for (const row of rows) if (row.kind === "history") users.push({ ...row, history: row.items });
const texts = ["", ""];
const own = { draft: fullestBranches, draftWidth: [40] };
for (const [at, drafting] of [{ draft: [] }, own].entries()) {
  const recommender = await openRecommender({ target, catalogue, ...drafting });
  for await (const list of recommender.recommend(users)) texts[at] += JSON.stringify(list);
  await recommender.close();
}
console.log(texts[0] === texts[1] ? "the same lists, to the bit" : "the lists DIFFER");
