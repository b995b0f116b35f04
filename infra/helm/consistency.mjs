// Checks the chart without helm: its variables against the options of the commands, its metrics against their table, its
// schema and the guide against both.
import { readdirSync, readFileSync } from "node:fs";
import { namesIn, series } from "../monitoring/metric-names.mjs";
import { outdated } from "./values.mjs";

const chart = new URL("nightbeam/", import.meta.url);
const read = (path) => readFileSync(new URL(path, chart), "utf8");

/** The templates whose variables are those of one command; the others' are those of several. */
const OWNERS = {
  "scheduler.yaml": "scheduler",
  "drafters.yaml": "drafter",
  "verifiers.yaml": "verifier",
};

/**
 * @param {Map<string, Set<string>>} commands the variables of each command
 * @returns the problems, one line each
 */
export async function checkChart(commands) {
  const services = Object.values(OWNERS).map((name) => commands.get(name));
  const all = new Set(services.flatMap((names) => [...names]));
  return [...variables(commands, all), ...metrics(), ...versions(), ...(await outdated())];
}

function templates() {
  const files = readdirSync(new URL("templates/", chart));
  return files.filter((file) => /\.(yaml|tpl)$/.test(file));
}

function metrics() {
  const known = series();
  return templates().flatMap((file) =>
    [...namesIn(read(`templates/${file}`))]
      .filter((name) => !known.has(name))
      .map((name) => `helm/nightbeam/templates/${file} asks for ${name}, which no service exports`),
  );
}

function variables(commands, all) {
  return templates().flatMap((file) => {
    const known = commands.get(OWNERS[file]) ?? all;
    const used = new Set(read(`templates/${file}`).match(/\bNIGHTBEAM_[A-Z_]*[A-Z]\b/g));
    return [...used]
      .filter((name) => !known.has(name))
      .map(
        (name) => `helm/nightbeam/templates/${file} sets ${name}, which its command does not know`,
      );
  });
}

function versions() {
  const manifest = JSON.parse(
    readFileSync(new URL("../../services/cli/package.json", import.meta.url), "utf8"),
  );
  const stated = /^appVersion: (\S+)$/m.exec(read("Chart.yaml"))?.[1];
  return stated === manifest.version
    ? []
    : [
        `helm/nightbeam/Chart.yaml: appVersion is ${stated}, and the packages are ${manifest.version}`,
      ];
}
