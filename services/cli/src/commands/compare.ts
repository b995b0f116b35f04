import { compareLists, listsDigest, type Recommendation } from "@nightbeam/dataset";
import { readManifest, readRecommendations } from "@nightbeam/run";
import { facts, whole } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { printResult, withJson } from "../output.js";

type Comparison = Awaited<ReturnType<typeof compareLists>>;

/** `nightbeam compare` */
export function compareCommand(): Command {
  const command = new Command("compare")
    .argument("<run-a>", "the --out of a finished run")
    .argument("<run-b>", "the --out of another finished run");
  return withJson(command)
    .addHelpText(
      "after",
      "\nExit code 0: same users, items and order. 1: different, or an error. If one of the runs has the flat layout, users with an empty list do not count.",
    )
    .action(async (runA: string, runB: string, flags: Record<string, unknown>) => {
      // The flat layout has no rows for users with an empty list.
      const layouts = [(await readManifest(runA)).layout, (await readManifest(runB)).layout];
      const read = (run: string, verify: boolean) => {
        const lists = readRecommendations(run, { verify });
        return layouts.includes("flat") ? withItems(lists) : lists;
      };
      const comparison = await compareLists(read(runA, true), read(runB, true));
      const digests: [string, string] = [
        await listsDigest(read(runA, false)),
        await listsDigest(read(runB, false)),
      ];
      const value = { ...comparison, digests };
      printResult(flags, { value, text: describe(comparison, digests) });
      if (!comparison.same) process.exitCode = 1;
    });
}

async function* withItems(
  lists: AsyncIterable<readonly Recommendation[]>,
): AsyncGenerator<readonly Recommendation[]> {
  for await (const batch of lists) yield batch.filter(({ items }) => items.length > 0);
}

function describe(comparison: Comparison, [a, b]: readonly [string, string]): string {
  const { lists, different } = comparison;
  return facts([
    ["users", whole(lists)],
    ["lists", different === 0 ? "same users, items and order" : `${whole(different)} differ`],
    ...firstFact(comparison),
    ["scores", scoresFact(comparison)],
    ...(a === b
      ? ([["digest", `${a}, both`]] as const)
      : ([
          ["digest", a],
          ["", b],
        ] as const)),
  ]);
}

function scoresFact({ different, sameItems, largestScoreDifference }: Comparison): string {
  if (sameItems === 0) return "nothing to compare: no item has the same rank in both";
  const where = different === 0 ? "" : `, over the ${whole(sameItems)} items with the same rank`;
  return largestScoreDifference === 0
    ? `same bits${where}`
    : `differ by ${largestScoreDifference.toExponential(1)} at most${where}`;
}

function firstFact({ first }: Comparison): [name: string, value: string][] {
  if (first === undefined) return [];
  const { list, rank, users, items } = first;
  const what =
    rank === undefined
      ? `list ${list + 1} is of user ${users[0] ?? "none"} and of user ${users[1] ?? "none"}`
      : `user ${users[0]}, rank ${rank + 1}: ${items[0] ?? "nothing"} and ${items[1] ?? "nothing"}`;
  return [["first", what]];
}
