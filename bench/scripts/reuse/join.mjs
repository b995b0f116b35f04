// What it takes to join a new run's users with the answers of an earlier run: time, and memory of the process.
//
//   node bench/scripts/reuse/join.mjs OUT [--users 1000000] [--answer-bytes 300]
//
// Makes a run in OUT with an answer per user, then joins it twice: with histories in the order of that run, and in
// another one, for which the answers are sorted on disk.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openAnswerJoin, openEarlierRun, openRun } from "@nightbeam/run";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    users: { type: "string", default: "1000000" },
    "answer-bytes": { type: "string", default: "300" },
  },
});
const [out] = positionals;
if (out === undefined) {
  console.error("usage: node bench/scripts/reuse/join.mjs OUT [--users n] [--answer-bytes n]");
  process.exit(2);
}
const users = Number(values.users);
const bytes = Number(values["answer-bytes"]);
const PART = 4_096;
const dir = join(out, `earlier-${users}`);
rmSync(dir, { recursive: true, force: true });

const name = (user) => `user-${user}`;
const made = await timed(makeRun);
console.log(`${users} answers of ${bytes} bytes kept: ${rate(made)}`);
const earlier = await openEarlierRun(dir);
for (const [order, userOf] of [
  ["in the same order", (row) => row],
  // A prime above the number of users' square root visits all of them.
  ["in another order", (row) => (row * 1_000_003) % users],
]) {
  let wrong = 0;
  const joined = await timed(async () => {
    const answers = await openAnswerJoin(earlier.store, earlier);
    for (let row = 0; row < users; row++) {
      answers.want([{ kind: "history", row, user: name(userOf(row)), items: ["i"] }]);
    }
    let next = 0;
    for await (const batch of answers.answers(new AbortController().signal)) {
      for (const { row, answer } of batch) {
        if (row !== next++ || answer.user !== name(userOf(row))) wrong++;
      }
    }
    if (next !== users) wrong += users - next;
    await answers.close();
  });
  console.log(`${order}: ${rate(joined)}; ${wrong} wrong`);
  if (wrong > 0) process.exitCode = 1;
}
earlier.close();
rmSync(dir, { recursive: true, force: true });

async function makeRun() {
  const run = await openRun({
    dir,
    plan: {
      ...{ format: "jsonl", partSize: PART, firstRow: 0, inputRows: users },
      ...{ arguments: {}, versions: { catalogue: "0".repeat(64) } },
    },
  });
  await run.keepTrie({
    catalogue: "0".repeat(64),
    trie: {
      levels: 2,
      codes: Uint16Array.of(0, 1, 1),
      firstChild: Uint32Array.of(1, 2, 3, 3),
      levelStart: Uint32Array.of(0, 1, 2, 3),
    },
  });
  for (let index = 0; index * PART < users; index++) {
    const rowCount = Math.min(PART, users - index * PART);
    const people = Array.from({ length: rowCount }, (_, at) => name(index * PART + at));
    await run.commitPart({
      ...{ index, rowCount, rejected: [], stats: {} },
      recommendations: people.map((user) => ({ user, items: [] })),
      answers: people.map((user) => ({
        ...{ user, question: Buffer.alloc(16, user.length) },
        answer: Buffer.from(user.repeat(Math.ceil(bytes / user.length)).slice(0, bytes)),
      })),
    });
  }
  await run.finish();
  await run.close();
}

async function timed(work) {
  const started = performance.now();
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 50);
  await work();
  clearInterval(watch);
  return { seconds: (performance.now() - started) / 1_000, peak };
}

function rate({ seconds, peak }) {
  const perSecond = Math.round(users / seconds).toLocaleString("en");
  return `${seconds.toFixed(1)} s, ${perSecond} users/s, at most ${Math.round(peak / 2 ** 20)} MiB`;
}
