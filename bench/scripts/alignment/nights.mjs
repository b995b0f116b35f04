// Five nights in a row: recommend, log the target's answers, align the draft on all logs so far.
//
// A night's users are the training users, with their histories up to that night: a fifth of each on the
// first night, all on the last. The draft is evaluated on users that it never sees.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nightbeam, runAll, train } from "./commands.mjs";

const NIGHTS = 5;
const USERS = 3000;
/** Steps per night are about constant: fewer epochs over more examples. */
const EPOCHS = 6;

export async function nights({ out, target, catalogue, machine, log, objective, preset }) {
  const rows = readFileSync(join(out, "histories", "train.jsonl"), "utf8")
    .trim()
    .split("\n");
  const users = rows.slice(0, USERS).map((row) => JSON.parse(row));
  const teacher = join(out, "teacher-nights");
  await runAll([evaluate(0)]);
  for (let night = 1; night <= NIGHTS; night++) {
    const histories = join(out, "histories", `night-${night}.jsonl`);
    const then = users.map(({ user, history }) => {
      return { user, history: history.slice(0, Math.ceil((history.length * night) / NIGHTS)) };
    });
    writeFileSync(histories, then.map((row) => `${JSON.stringify(row)}\n`).join(""));
    await runAll([
      nightbeam(
        log(`night-${night}-recommend`),
        ...["recommend", "--target", target, "--draft", draft(night - 1), "--draft-width", "40"],
        ...[
          "--catalogue",
          catalogue,
          "--histories",
          histories,
          "--beam-width",
          "20",
          "--top-k",
          "20",
        ],
        ...[
          "--teacher-log",
          teacher,
          "--teacher-sample",
          "0.5",
          "--out",
          join(out, `night-${night}`),
        ],
      ),
      train(
        log(`night-${night}-align`),
        ...["align", "--preset", preset, "--draft", draft(night - 1), "--teacher", teacher],
        ...["--catalogue", catalogue, ...objective, ...machine, "--warmup-steps", "20"],
        ...["--epochs", `${Math.max(1, Math.round(EPOCHS / night))}`, "--out", draft(night)],
      ),
      evaluate(night),
    ]);
  }

  function draft(night) {
    return join(out, night === 0 ? "draft-begin" : `draft-night-${night}`);
  }

  function evaluate(night) {
    return nightbeam(
      log(`night-${night}-bench`),
      ...["bench", "--target", target, "--draft", draft(night), "--catalogue", catalogue],
      ...["--histories", join(out, "histories", "histories.jsonl"), "--beam-width", "10,20"],
      ...["--batch-size", "32", "--repeat", "1", "--draft-width", "40", "--limit", "320", "--json"],
    );
  }
}
