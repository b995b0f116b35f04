// Checks the chart without helm: its variables against the options of the commands, its schema and the guide against both.
import { readdirSync, readFileSync } from "node:fs";
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
  return [...variables(commands, all), ...versions(), ...(await outdated())];
}

function variables(commands, all) {
  const templates = readdirSync(new URL("templates/", chart)).filter((file) =>
    /\.(yaml|tpl)$/.test(file),
  );
  return templates.flatMap((file) => {
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
