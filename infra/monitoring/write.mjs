// Writes the dashboard and the rules from panels/ and alerts.mjs: node infra/monitoring/write.mjs
//
// Each is there twice, once for Prometheus and Grafana and once in the Helm chart, which reads only its own folder.
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { stringify } from "yaml";
import { ALERTS } from "./alerts.mjs";
import { dashboard, dashboardQueries } from "./dashboard.mjs";
import { problemsOf } from "./metric-names.mjs";

const at = (path) => new URL(`../${path}`, import.meta.url);
const GUIDES = "docs/guides";

/** The rules as Prometheus reads them. */
export function rules() {
  const alerts = ALERTS.map(
    ({ name, expr, for: duration, severity, summary, description, runbook }) => ({
      alert: name,
      expr,
      for: duration,
      labels: { severity },
      annotations: { summary, description, runbook: `${GUIDES}/${runbook}` },
    }),
  );
  return { groups: [{ name: "nightbeam", rules: alerts }] };
}

const HEAD =
  "# Written by infra/monitoring/write.mjs. Each alert's runbook is a page of the repository.\n";

function files() {
  const yaml = `${HEAD}${stringify(rules(), { lineWidth: 0 })}`;
  const json = `${JSON.stringify(dashboard(), undefined, 2)}\n`;
  return [
    ["prometheus/rules.yml", yaml],
    ["helm/nightbeam/files/rules.yml", yaml],
    ["grafana/nightbeam.json", json],
    ["helm/nightbeam/files/nightbeam.json", json],
  ];
}

/** Links of alerts to pages and headings that do not exist. */
function deadRunbooks() {
  return ALERTS.flatMap(({ name, runbook }) => {
    const [page, heading] = runbook.split("#");
    const text = readFileSync(at(`../${GUIDES}/${page}`), "utf8");
    const slugs = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
      title
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-"),
    );
    return heading === undefined || slugs.includes(heading)
      ? []
      : [`${name}: ${page} has no heading #${heading}`];
  });
}

/** What is wrong or out of date, one line each. */
export function checkMonitoring() {
  const queries = [
    ...dashboardQueries().map(({ title, expr }) => ({ title: `panel "${title}"`, expr })),
    ...ALERTS.map(({ name, expr }) => ({ title: `alert ${name}`, expr })),
  ];
  return [
    ...queries.flatMap(({ title, expr }) => problemsOf(expr).map((one) => `${title}: ${one}`)),
    ...deadRunbooks(),
    ...files()
      .filter(([path, text]) => read(path) !== text)
      .map(([path]) => `${path} is out of date: build, then run node infra/monitoring/write.mjs`),
  ];
}

function read(path) {
  try {
    return readFileSync(at(path), "utf8");
  } catch {
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [path, text] of files()) writeFileSync(at(path), text);
}
