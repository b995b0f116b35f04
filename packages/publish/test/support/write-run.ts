import type { Recommendation } from "@nightbeam/dataset";
import { openRun } from "@nightbeam/run";

/** Names that a destination could take for something else. */
const STRANGE = [
  "",
  "tab\there",
  "new\nline\r",
  'quote"s',
  "back\\slash\\N",
  "{a,b}",
  "żółw 🐢",
  "NULL",
  "a:b*",
];

/** The list of a user in a run with a label: every item and score shows which run it is from. */
export function listOf(label: string, place: number): Recommendation {
  const user = STRANGE[place] ?? `user-${place}`;
  const numbers = place % 2 === 0;
  const items = Array.from({ length: place % 7 }, (_, rank) => {
    const item = numbers ? `${Number(label) * 1_000_000 + rank}` : `${label} ${STRANGE[rank]}`;
    return { item, score: -Number(label) - rank / 3, codes: [rank] };
  });
  return { user, items };
}

/** Writes a complete run of three parts; returns its directory. */
export async function writeRun(
  dir: string,
  {
    label = "1",
    users = 60,
    twice,
  }: {
    readonly label?: string;
    readonly users?: number;
    /** This user takes the place of the last one. */
    readonly twice?: number;
  } = {},
): Promise<string> {
  const partSize = Math.ceil(users / 3);
  const plan = { format: "jsonl", partSize, firstRow: 0, inputRows: users, arguments: {} } as const;
  const run = await openRun({ dir, plan: { ...plan, versions: { target: label } } });
  for (let index = 0; index * partSize < users; index++) {
    const first = index * partSize;
    const rowCount = Math.min(partSize, users - first);
    const recommendations = Array.from({ length: rowCount }, (_, at) => {
      const isLast = first + at === users - 1;
      return listOf(label, isLast ? (twice ?? first + at) : first + at);
    });
    await run.commitPart({ index, rowCount, recommendations, rejected: [], stats: {} });
  }
  await run.finish();
  await run.close();
  return dir;
}
