// Makes the models of the demo from scratch: item codes, a target, and a draft aligned with it.
//
//     npm run demo:models            up to an hour on two cores; needs Python
//
// The result goes to demo/world, which is checked in; intermediate files stay under
// .nightbeam/demo-models, so that an interrupted run continues.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepare, python } from "./lib/venv.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const work = join(root, ".nightbeam", "demo-models");
const world = join(root, "demo", "world");
const at = (...names) => join(work, ...names);
/** Users from this number on are for the demo: no model has seen them. */
const TRAINED_USERS = 22_000;
const MODEL_FILES = ["config.json", "model.safetensors", "nightbeam.json"];

function run(command, ...args) {
  console.log(`\n$ ${[command, ...args].join(" ").replaceAll(`${root}/`, "")}`);
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

const train = (...args) => run(python, "-m", "nightbeam_training", ...args);
const files = ["--histories", at("shop", "histories.jsonl"), "--catalogue", at("items.index.json")];
const small = ["--preset", "small"];

await prepare();
mkdirSync(work, { recursive: true });
run("node", "demo/shop/bin/write-shop.mjs", "--out", at("shop"), "--users", `${TRAINED_USERS}`);

const bought = ["--histories", at("shop", "histories.jsonl"), "--items", at("shop", "items.jsonl")];
const codes = ["--width", "128", "--levels", "4", "--codes-per-level", "16"];
train("codes", ...bought, ...codes, "--out", at("items.index.json"));

const large = ["--layers", "4", "--width", "192", "--heads", "3", "--feed-forward", "512"];
const long = ["--epochs", "14", "--save-as", "bfloat16"];
train("target", ...small, ...files, ...large, ...long, "--out", at("target"));

const tiny = ["--layers", "2", "--width", "64", "--heads", "2", "--feed-forward", "192"];
train("target", ...small, ...files, ...tiny, "--epochs", "4", "--out", at("draft-begin"));

const asked = ["--ask", "cut", "--copies", "2", "--precision", "bf16"];
train("teacher", "--target", at("target"), ...files, ...asked, "--out", at("teacher"));

const begin = ["--draft", at("draft-begin"), "--teacher", at("teacher")];
const objective = ["--objective", "atspeed-s", "--variant", "renormalized"];
const mixture = ["--mixture", "0.5", "--target", at("target")];
const indexed = ["--catalogue", at("items.index.json")];
const learn = [...begin, ...indexed, ...objective, ...mixture, "--epochs", "3"];
train("align", ...small, ...learn, "--out", at("draft"));

rmSync(world, { recursive: true, force: true });
mkdirSync(world, { recursive: true });
cpSync(at("items.index.json"), join(world, "items.index.json"));
for (const model of ["target", "draft"]) {
  mkdirSync(join(world, model));
  for (const file of MODEL_FILES) cpSync(at(model, file), join(world, model, file));
}
console.log(`\nThe demo's catalogue and models are in ${world}. Try them: npm run demo`);
