// Compares training objectives: the figures of docs/results/alignment.md.
//
//   node bench/scripts/alignment/experiment.mjs OUT [--data DIR] [--target DIR] [--stage NAME,…]
//   node bench/scripts/alignment/experiment.mjs OUT --scale large --device cuda
//
// The first uses an existing target and the preset for two cores; the second trains a target of 113 M
// weights and a larger draft with the published settings. Stages, in this order; default: all:
//   begin        the data as histories, the target if missing, and the initial draft
//   teacher      the target's answers for the histories of all users but the test users
//   objectives   a draft for each objective, on the same examples for the same number of steps
//   data         the same draft on different kinds of augmented histories
//   best         the longest training, on all of them
//   nights       five nights of --teacher-log, the draft realigned after each
// An interrupted run continues. Data and target default to those below NIGHTBEAM_SHARED or ../shared;
// the whole takes two to three hours on two cores. Tables: tables.mjs OUT.
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { nightbeam, root, runAll, train } from "./commands.mjs";
import { nights } from "./nights.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    target: { type: "string" },
    data: { type: "string" },
    stage: { type: "string" },
    scale: { type: "string", default: "small" },
    device: { type: "string", default: "auto" },
  },
});
if (positionals[0] === undefined) {
  console.error(
    "usage: node bench/scripts/alignment/experiment.mjs OUT [--target DIR] [--data DIR]",
  );
  process.exit(2);
}
const shared = process.env.NIGHTBEAM_SHARED ?? join(root, "..", "shared");
const out = resolve(positionals[0]);
const data = values.data ?? join(shared, "data", "beauty");
const shape = (layers, width, heads, inner) =>
  ["--layers", layers, "--width", width, "--heads", heads, "--feed-forward", inner].map(String);
const SCALES = {
  small: { preset: "small", draft: shape(2, 96, 3, 256) },
  large: { preset: "paper", draft: shape(2, 256, 4, 768), target: shape(12, 768, 12, 3072) },
};
const scale = SCALES[values.scale];
if (scale === undefined) throw new Error(`--scale must be ${Object.keys(SCALES).join(" or ")}`);
const given = values.target ?? join(shared, "models", "beauty-target");
const target = scale.target === undefined ? given : join(out, "target");
const catalogue = join(data, "items.index.json");
const log = (name) => join(out, "logs", `${name}.log`);

// Two jobs at once with one core each are faster than one after the other with two.
const machine = ["--device", values.device, "--precision", "bf16", "--threads", "1"];
const histories = join(out, "histories", "train.jsonl");
const teacher = (name, ...ask) =>
  train(
    log(`teacher-${name}`),
    ...["teacher", "--target", target, "--catalogue", catalogue, "--histories", histories],
    ...[...ask, ...machine, "--out", join(out, `teacher-${name}`)],
  );
const align = (name, { on, begin = "draft-begin" }, ...more) =>
  train(
    log(`align-${name}`),
    ...["align", "--preset", scale.preset, "--draft", join(out, begin), "--catalogue", catalogue],
    ...on.flatMap((each) => ["--teacher", join(out, `teacher-${each}`)]),
    ...[...more, ...machine, "--out", join(out, `draft-${name}`)],
  );
const bench = (name, draft, ...more) =>
  nightbeam(
    log(`bench-${name}`),
    ...["bench", "--target", target, "--draft", join(out, `draft-${draft}`)],
    ...["--catalogue", catalogue, "--histories", join(out, "histories", "histories.jsonl")],
    ...["--batch-size", "32", "--repeat", "1", "--json", ...more],
  );

const published = (objective, ...more) => ["--objective", objective, "--over", "valid", ...more];
const MIXTURE = ["--mixture", "0.5", "--target", target];
const OBJECTIVES = {
  sft: published("sft"),
  "word-kd": published("word-kd"),
  "tvd-kd": published("tvd-kd"),
  "seq-kd": published("seq-kd"),
  "atspeed-r": published("atspeed-r"),
  "atspeed-s": published("atspeed-s", ...MIXTURE),
  "atspeed-s-renormalized": published("atspeed-s", "--variant", "renormalized", ...MIXTURE),
};
const HEADS = ["--objective", "heads", "--alpha", "1", "--over", "vocabulary"];
const BEAM_KD = ["--objective", "beam-kd", "--alpha", "1", "--over", "vocabulary"];
const OURS = ["--objective", "beam-score", "--alpha", "1", "--over", "vocabulary"];
const WIDTHS = ["--beam-width", "1,3,5,10,20", "--draft-width", "40", "--limit", "320"];

const stages = {
  async begin() {
    const files = { log: log("files"), command: "node" };
    const script = ["bench/scripts/beauty-files.mjs", join(out, "histories"), "--data", data];
    await runAll([{ ...files, args: script }]);
    const from = ["--catalogue", catalogue, "--histories", histories];
    const begin = ["target", "--preset", scale.preset, ...from, ...machine];
    if (scale.target !== undefined) {
      await runAll([train(log("target"), ...begin, ...scale.target, "--out", target)]);
    }
    await runAll([
      train(log("begin"), ...begin, ...scale.draft, "--out", join(out, "draft-begin")),
    ]);
  },
  async teacher() {
    const jobs = [
      teacher("cut", "--ask", "cut", "--copies", "3"),
      teacher("roll", "--ask", "cut", "--roll", "2", "--seed", "1"),
      teacher("mix", "--ask", "mix"),
      teacher("last", "--ask", "last"),
    ];
    await runAll(jobs, { at: 2 });
  },
  async objectives() {
    const all = Object.entries({
      ...OBJECTIVES,
      "beam-kd": BEAM_KD,
      "beam-score": OURS,
      heads: HEADS,
    });
    const jobs = all.map(([name, how]) => align(name, { on: ["cut"] }, ...how, "--epochs", "1"));
    await runAll(jobs, { at: 2 });
    await runAll(all.map(([name]) => bench(name, name, ...WIDTHS)));
  },
  async data() {
    // As many steps as one pass over `cut`, whose row is that of the objective.
    const kinds = { last: "3", mix: "3", roll: "1" };
    const jobs = Object.entries(kinds).map(([kind, epochs]) =>
      align(`on-${kind}`, { on: [kind] }, ...OURS, "--epochs", epochs),
    );
    await runAll(jobs, { at: 2 });
    await runAll(Object.keys(kinds).map((kind) => bench(`on-${kind}`, `on-${kind}`, ...WIDTHS)));
  },
  async best() {
    const on = ["cut", "mix", "roll"];
    await runAll([align("best", { on }, ...OURS, "--epochs", "6")]);
    await runAll([bench("best", "best", ...WIDTHS)]);
    const narrow = Object.entries({ 1: 5, 3: 7, 5: 9, 10: 15, 20: 30 }).map(([k, n]) =>
      bench(`narrow-${k}`, "best", "--beam-width", k, "--draft-width", `${n}`, "--limit", "320"),
    );
    const all = ["--beam-width", "10,20", "--draft-width", "40,36/50/50", "--limit", "3553"];
    await runAll([...narrow, bench("best-all", "best", ...all)]);
  },
  nights: () =>
    nights({ out, target, catalogue, machine, log, objective: OURS, preset: scale.preset }),
};

const chosen = values.stage?.split(",") ?? Object.keys(stages);
for (const name of chosen) {
  if (stages[name] === undefined) throw new Error(`no stage ${name}: ${Object.keys(stages)}`);
  await stages[name]();
}
