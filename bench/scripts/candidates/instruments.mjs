// Instruments, with items that a target of our own was not trained on.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepare, python } from "../../../scripts/lib/venv.mjs";
import { run } from "./commands.mjs";

/** One of this many items is new: published after the target was trained. */
const NEW_ITEMS = 20;

/** A model that one core trains in some ten minutes. */
const MODEL = {
  ...{ layers: 2, width: 96, heads: 3, "feed-forward": 256, "max-items": 10 },
  ...{ epochs: 8, "batch-size": 128, "learning-rate": 0.002, patience: 0, seed: 1, threads: 1 },
};

/**
 * Writes OUT/histories.jsonl (all users, their items but the last, oldest first), OUT/held-out.jsonl (the last ones) and
 * OUT/trained.jsonl (the histories without the users whose history is too short), and trains OUT/target on these. New
 * items are in no history, and among the held-out ones as all others are.
 */
export async function instruments(out, { data }) {
  mkdirSync(out, { recursive: true });
  const folder = join(data, "data", "instruments");
  const catalogue = join(folder, "Instruments.index.json");
  const users = Object.entries(
    JSON.parse(readFileSync(join(folder, "Instruments.inter.json"), "utf8")),
  ).map(([user, items]) => ({ user, items: items.map(String) }));
  const isNew = (item) => Number(item) % NEW_ITEMS === 0;
  const rows = users.flatMap(({ user, items }) => {
    const history = items.slice(0, -1).filter((item) => !isNew(item));
    return history.length === 0 ? [] : [{ user, history, heldOut: items.slice(-1) }];
  });
  const write = (name, lines) => {
    const path = join(out, `${name}.jsonl`);
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    return path;
  };
  const histories = write(
    "histories",
    rows.map(({ user, history }) => ({ user, history })),
  );
  const heldOut = write(
    "held-out",
    rows.map(({ user, heldOut }) => ({ user, history: heldOut })),
  );
  const trainedOn = write(
    "trained",
    rows
      .filter(({ history }) => history.length > 1)
      .map(({ user, history }) => ({ user, history })),
  );
  const target = join(out, "target");
  if (!isTrained(target)) {
    await prepare();
    const flags = Object.entries(MODEL).flatMap(([name, value]) => [`--${name}`, String(value)]);
    run(python, [
      ...["-m", "nightbeam_training", "target", "--histories", trainedOn],
      ...["--catalogue", catalogue, "--out", target, ...flags],
    ]);
  }
  return { target, catalogue, histories, heldOut, trainedOn };
}

function isTrained(target) {
  const record = join(target, "target.json");
  return existsSync(record) && JSON.parse(readFileSync(record, "utf8")).finished === true;
}
