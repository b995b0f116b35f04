import type { HistoryRow } from "@nightbeam/dataset";
import { directoryStore } from "@nightbeam/store";
import { catalogueOf, mutated, refusal, useTempDirs } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Manifest } from "../../src/records/records.js";
import type { RowValue } from "../../src/records/row-join.js";
import { openAnswerJoin } from "../../src/reuse/answer-join.js";
import { answersFile, decodeAnswers, type KeptAnswer } from "../../src/reuse/answers-file.js";
import { readTrie, writeTrie } from "../../src/reuse/trie-file.js";

const tempDir = useTempDirs();
const signal = new AbortController().signal;

const someAnswer: fc.Arbitrary<KeptAnswer> = fc.record({
  // Few names, so that users meet again, or come twice.
  user: fc.oneof(fc.constantFrom("a", "b", "é", "", "d"), fc.string()),
  question: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  answer: fc.uint8Array({ maxLength: 40 }),
});

function rowsOf(users: readonly (string | undefined)[]): HistoryRow[] {
  return users.map((user, row) =>
    user === undefined
      ? { kind: "rejected", row, reason: "empty_history", detail: "" }
      : { kind: "history", row, user, items: ["i"] },
  );
}

/** A run whose parts have these answers, in a directory of its own. */
async function keptRun(parts: readonly (readonly KeptAnswer[])[]) {
  const store = directoryStore(tempDir());
  const entries: Pick<Manifest["parts"][number], "answers">[] = [];
  for (const [index, answers] of parts.entries()) {
    const file = await answersFile(`answers/part-${index}.answers.gz`, answers);
    if (file !== undefined) await store.replace(file.entry.file, file.bytes);
    entries.push(file === undefined ? {} : { answers: file.entry });
  }
  return { store, manifest: { parts: entries } };
}

type KeptRun = Awaited<ReturnType<typeof keptRun>>;

async function joined({ store, manifest }: KeptRun, rows: readonly HistoryRow[]) {
  const join = await openAnswerJoin(store, { manifest });
  try {
    join.want(rows.slice(0, 2));
    join.want(rows.slice(2));
    const found: RowValue<KeptAnswer>[] = [];
    for await (const batch of join.answers(signal)) found.push(...batch);
    return found.map(({ row, value: { user, question, answer } }) => ({
      row,
      answer: { user, question: [...question], answer: [...answer] },
    }));
  } finally {
    await join.close();
  }
}

/** The first answer of each row's user. */
function expected(parts: readonly (readonly KeptAnswer[])[], rows: readonly HistoryRow[]) {
  return rows.flatMap((one) => {
    const found = one.kind === "history" && parts.flat().find(({ user }) => user === one.user);
    if (!found) return [];
    const { user, question, answer } = found;
    return [{ row: one.row, answer: { user, question: [...question], answer: [...answer] } }];
  });
}

describe("the answers of an earlier run", () => {
  it("are those of the rows' users, whatever the order of either", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(someAnswer, { maxLength: 6 }), { maxLength: 4 }),
        fc.array(fc.oneof(fc.constantFrom("a", "b", "é", "", "new"), fc.constant(undefined))),
        async (parts, others) => {
          const run = await keptRun(parts);
          const known = parts.flat().map(({ user }) => user);
          for (const users of [known, [...others, ...known], [...known].reverse(), others]) {
            const rows = rowsOf(users);
            expect(await joined(run, rows)).toEqual(expected(parts, rows));
          }
        },
      ),
      { numRuns: 8 },
    );
  });

  it("are found across many batches, in order and shuffled", async () => {
    const answers = Array.from({ length: 7_000 }, (_, at) => ({
      user: `u${at}`,
      question: Buffer.alloc(16, at % 251),
      answer: Buffer.from(`answer ${at}`),
    }));
    const parts = [answers.slice(0, 3_000), answers.slice(3_000, 3_001), answers.slice(3_001)];
    const run = await keptRun(parts);
    const users = answers.map(({ user }) => user);
    const shuffled = users.map((_, at) => users[(at * 3_001) % users.length]);
    for (const order of [users.filter((_, at) => at % 3 > 0), shuffled]) {
      const rows = rowsOf(order);
      const found = await joined(run, rows);
      expect(found.map(({ row, answer }) => [row, Buffer.from(answer.answer).toString()])).toEqual(
        order.map((user, row) => [row, `answer ${user?.slice(1)}`]),
      );
    }
  });

  it("are refused once their file is another one", async () => {
    const [answer] = fc.sample(someAnswer, 1);
    const run = await keptRun([answer === undefined ? [] : [answer]]);
    const other = await answersFile("answers/part-0.answers.gz", []);
    expect(other).toBeUndefined();
    await run.store.replace("answers/part-0.answers.gz", Buffer.from("other"));
    const { code, message } = await refusal(joined(run, rowsOf(["a"])));
    expect(code).toBe("RUN_DAMAGED");
    expect(message).toContain("another content than was committed");
  });
});

describe("a file of answers", () => {
  it("has them back, and is refused or the same after any damage", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(someAnswer, { minLength: 1, maxLength: 6 }), async (answers) => {
        const file = await answersFile("f", answers);
        const bytes = file?.bytes ?? new Uint8Array();
        const read = (await decodeAnswers(bytes)).map(plain);
        expect(read).toEqual(answers.map(plain));
        for (const damaged of fc.sample(mutated(bytes), 5)) {
          const found = await decodeAnswers(damaged).catch(() => undefined);
          if (found !== undefined) expect(found.map(plain)).toEqual(read);
        }
      }),
      { numRuns: 20 },
    );
  });
});

function plain({ user, question, answer }: KeptAnswer) {
  return { user, question: [...question], answer: [...answer] };
}

describe("a kept trie", () => {
  it("is the one that was searched", async () => {
    const { trie, hash } = catalogueOf([
      [0, 1, 65_535],
      [0, 1, 7],
      [9, 1, 7],
      [9, 0, 0],
    ]);
    const store = directoryStore(tempDir());
    await writeTrie(store, { name: "trie", catalogue: hash, trie });
    expect(await readTrie(store, "trie")).toEqual({ catalogue: hash, trie: { ...trie } });
    await store.replace("trie", Buffer.from("no trie"));
    expect((await refusal(readTrie(store, "trie"))).code).toBe("RUN_DAMAGED");
    expect((await refusal(readTrie(store, "none"))).message).toContain("it is missing");
  });
});
