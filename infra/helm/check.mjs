// Checks the chart with helm and kubeconform: node infra/helm/check.mjs
//
// Lints it with the values of the examples, renders these and every row of the guide's table of what makes what, compares the
// table with what is rendered, and validates all of it against the schemas of Kubernetes, KEDA, Prometheus Operator and
// cert-manager. Without the tools (node infra/helm/tools.mjs brings them) it says so and exits with 0.
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

/** Validates all files of a folder. */
async function validate({ kubeconform, schemas }, folder) {
  const location = join(schemas, "{{.ResourceKind}}{{.KindSuffix}}.json");
  const args = ["-strict", "-summary", "-schema-location", location, folder];
  const { ok, stdout, stderr } = await run(kubeconform, args);
  if (!ok) return [`kubeconform: ${stdout}${stderr}`.trim()];
  console.log(stdout.trim());
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

/** What a row of the guide says that is not so. */
function compareRow({ values, more, fewer }, text, base) {
  const now = objects(text);
  const made = [...now].filter((name) => !base.has(name));
  const left = [...base].filter((name) => !now.has(name));
  const said = (names) => [...names].sort().join(", ") || "nothing";
  return [
    ["makes", made, more],
    ["leaves out", left, fewer],
  ]
    .filter(([, real, stated]) => said(real) !== said(stated))
    .map(([verb, real, stated]) => {
      return `${values} ${verb} ${said(real)}; the guide says: ${said(stated)}`;
    });
}

async function check(tools) {
  const { helm } = tools;
  const work = mkdtempSync(join(tmpdir(), "nightbeam-chart-"));
  const problems = [];
  const rendered = async (title, file, args) => {
    const { ok, stdout, stderr } = await render(helm, args);
    if (!ok) problems.push(`helm template with ${title}: ${stderr.trim()}`);
    writeFileSync(join(work, file), stdout);
    return stdout;
  };
  try {
    for (const example of examples) {
      problems.push(...(await lint(helm, example)));
      await rendered(example, example, ["-f", here(`examples/${example}`)]);
    }
    const base = objects(await rendered(REQUIRED, "base.yaml", ["--set", REQUIRED]));
    for (const [at, row] of rows().entries()) {
      const args = ["--set", `${REQUIRED},${row.values}`];
      problems.push(...compareRow(row, await rendered(row.values, `row-${at}.yaml`, args), base));
    }
    return [...problems, ...(await validate(tools, work))];
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
