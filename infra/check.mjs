// Checks the files of this folder: node infra/check.mjs
//
// If Docker is installed, it checks compose.yaml; otherwise the file is only parsed. Either way, every
// NIGHTBEAM_ variable must be known to its service's command, every other variable must be in
// .env.example, and every build target must be a stage of the Dockerfile. The Helm chart is checked as far as that
// needs no helm; the rest is node infra/helm/check.mjs. Queries of the dashboard and of alerts must read metrics that
// exist, with labels and values that exist.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { allVariables } from "../services/cli/dist/environment/environment.js";
import { checkChart } from "./helm/consistency.mjs";
import { checkMonitoring } from "./monitoring/write.mjs";

const here = (name) => new URL(name, import.meta.url);
const read = (name) => readFileSync(here(name), "utf8");

/** @returns the problems, one line each */
export async function check() {
  const compose = parse(read("compose.yaml"), { merge: true });
  const commands = new Map(
    (await allVariables()).map(({ command, variables }) => [
      command,
      new Set(variables.map(({ name }) => name)),
    ]),
  );
  const known = new Set([...commands.values()].flatMap((names) => [...names]));
  return [
    ...environments(compose, commands),
    ...interpolations(read("compose.yaml"), known),
    ...dockerfile(compose, known),
    ...byDocker(),
    ...(await checkChart(commands)),
    ...checkMonitoring(),
  ];
}

/** The variables of what is built here are those of its command: verifier-cuda is a verifier. */
function environments({ services }, commands) {
  const own = Object.entries(services).filter(([, { build }]) => build !== undefined);
  return own.flatMap(([service, { environment = {} }]) => {
    const names = commands.get(service.replace(/-cuda$/, "")) ?? new Set();
    return Object.keys(environment)
      .filter((name) => !names.has(name))
      .map((name) => `compose.yaml: ${service} has ${name}, which its command does not know`);
  });
}

function interpolations(text, known) {
  const used = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name]) => name));
  const example = new Set([...read(".env.example").matchAll(/^(\w+)=/gm)].map(([, name]) => name));
  const problems = [];
  for (const name of used) {
    if (!example.has(name)) problems.push(`.env.example lacks ${name}`);
  }
  for (const name of example) {
    if (!used.has(name)) problems.push(`.env.example has ${name}, which compose.yaml does not use`);
    if (name.startsWith("NIGHTBEAM_") && !known.has(name))
      problems.push(`.env.example has ${name}, which no command knows`);
  }
  return problems;
}

function dockerfile({ services }, known) {
  const text = read("Dockerfile");
  const stages = new Set([...text.matchAll(/^FROM .* AS (\S+)$/gm)].map(([, stage]) => stage));
  const targets = Object.values(services).flatMap(({ build }) => build?.target ?? []);
  const variables = new Set(text.match(/NIGHTBEAM_\w+/g));
  return [
    ...targets
      .filter((target) => !stages.has(target))
      .map((target) => `Dockerfile has no stage ${target}`),
    ...[...variables]
      .filter((name) => !known.has(name))
      .map((name) => `Dockerfile sets ${name}, which no command knows`),
  ];
}

function byDocker() {
  if (spawnSync("docker", ["compose", "version"]).status !== 0) return [];
  const args = ["compose", "-f", "compose.yaml", "--env-file", ".env.example", "config", "--quiet"];
  const { status, stderr } = spawnSync("docker", args, {
    cwd: here("."),
    encoding: "utf8",
    // The example has no secrets.
    env: { ...process.env, NIGHTBEAM_TOKEN: "for the check" },
  });
  return status === 0 ? [] : [`docker compose config: ${stderr.trim()}`];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const problems = await check();
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log("infra is in order");
  else process.exitCode = 1;
}
