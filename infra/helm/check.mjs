// Checks the chart with helm and kubeconform: node infra/helm/check.mjs
//
// Lints it, renders the three examples and validates what they make against the schemas of Kubernetes, KEDA, Prometheus
// Operator and cert-manager, and compares the guide's table of what makes what with what is rendered. Without the tools
// (node infra/helm/tools.mjs brings them) it says so and exits with 0.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments } from "yaml";
import { found, KUBERNETES } from "./tools.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const chart = here("nightbeam");
const examples = readdirSync(here("examples"));
const RELEASE = "nb";
const TABLE = "<!-- checked by infra/helm/check.mjs -->";
const REQUIRED = "model.target=/data/target,model.catalogue=/data/items.index.json";

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name].setEncoding("utf8").on("data", (text) => {
        output[name] += text;
      });
    }
    child.once("error", reject);
    child.once("close", (status) => resolve({ ok: status === 0, ...output }));
  });
}

const render = (helm, args) =>
  run(helm, ["template", RELEASE, chart, "--kube-version", KUBERNETES, ...args]);

/** Lints the chart with the values of an example. */
async function lint(helm, example) {
  const args = [
    "lint",
    "--strict",
    "--kube-version",
    KUBERNETES,
    chart,
    "-f",
    here(`examples/${example}`),
  ];
  const { ok, stdout, stderr } = await run(helm, args);
  return ok ? [] : [`helm lint with ${example}: ${`${stdout}${stderr}`.trim()}`];
}

/** Validates what the chart makes of an example. */
async function validate({ helm, kubeconform, schemas }, example, work) {
  const { ok, stdout, stderr } = await render(helm, ["-f", here(`examples/${example}`)]);
  if (!ok) return [`helm template with ${example}: ${stderr.trim()}`];
  const file = join(work, example);
  writeFileSync(file, stdout);
  const location = join(schemas, "{{.ResourceKind}}{{.KindSuffix}}.json");
  const args = ["-strict", "-summary", "-schema-location", location, file];
  const checked = await run(kubeconform, args);
  if (!checked.ok)
    return [`kubeconform with ${example}: ${checked.stdout}${checked.stderr}`.trim()];
  console.log(`${example}: ${checked.stdout.trim().split(" - ").at(-1)}`);
  return [];
}

/** Names of objects as the guide has them: the kind, and the name without the release's. */
function objects(text) {
  const all = parseAllDocuments(text).map((document) => document.toJS());
  const named = all
    .filter((one) => one !== null)
    .map(({ kind, metadata }) => {
      const name = metadata.name.replace(`${RELEASE}-nightbeam`, "").replace(/^-/, "");
      return `${kind} ${name}`.trim();
    });
  return new Set(named);
}

/** The rows of the guide: values, what they make, and what they leave out. */
function rows() {
  const guide = readFileSync(here("../../docs/guides/kubernetes.md"), "utf8");
  const lines = guide.split(TABLE)[1].trim().split("\n\n")[0].split("\n").slice(2);
  return lines.map((line) => {
    const [, values, more, fewer] = line.split("|").map((cell) => cell.trim());
    const list = (cell) => cell.split(", ").filter((name) => name !== "");
    return { values: values.replaceAll("`", ""), more: list(more), fewer: list(fewer) };
  });
}

async function compareRow(helm, { values, more, fewer }, base) {
  const { ok, stdout, stderr } = await render(helm, ["--set", `${REQUIRED},${values}`]);
  if (!ok) return [`${values}: ${stderr.trim()}`];
  const now = objects(stdout);
  const made = [...now].filter((name) => !base.has(name)).sort();
  const left = [...base].filter((name) => !now.has(name)).sort();
  const said = (names) => [...names].sort().join(", ");
  const problems = [];
  if (said(made) !== said(more))
    problems.push(`${values} makes: ${said(made)}; the guide says: ${said(more)}`);
  if (said(left) !== said(fewer))
    problems.push(`${values} leaves out: ${said(left)}; the guide says: ${said(fewer)}`);
  return problems;
}

async function check(tools) {
  const { helm } = tools;
  const base = await render(helm, ["--set", REQUIRED]);
  if (!base.ok) return [`helm template: ${base.stderr.trim()}`];
  const work = mkdtempSync(join(tmpdir(), "nightbeam-chart-"));
  try {
    const found = [];
    for (const example of examples) {
      found.push(...(await lint(helm, example)), ...(await validate(tools, example, work)));
    }
    for (const row of rows()) found.push(...(await compareRow(helm, row, objects(base.stdout))));
    return found;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

const tools = found();
const missing = ["helm", "kubeconform", "schemas"].filter((name) => tools[name] === undefined);
if (missing.length > 0) {
  console.log(
    `The chart is not checked: no ${missing.join(", no ")}. \`node infra/helm/tools.mjs\` brings them.`,
  );
} else {
  const problems = await check(tools);
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log("the chart is in order");
  else process.exitCode = 1;
}
