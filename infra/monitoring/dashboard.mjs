// The dashboard as Grafana imports it, from the panels.
import { ROWS } from "./panels/rows.mjs";

const SOURCE = { type: "prometheus", uid: "$datasource" };
const WIDTH = 24;
const SELECTED = /\b((?:nightbeam|nodejs|process)_[a-z0-9_]+)(?:\{([^}]*)\})?/g;

/** Limits every metric to the cluster that is chosen at the top. */
export function inCluster(query) {
  return query.replaceAll(
    SELECTED,
    (_, name, matchers) =>
      `${name}{${[matchers, 'job=~"$job"'].filter((one) => one !== undefined && one !== "").join(", ")}}`,
  );
}

const targets = (queries) =>
  queries.map(([expr, legendFormat], at) => ({
    refId: String.fromCharCode(65 + at),
    datasource: SOURCE,
    expr: inCluster(expr),
    legendFormat,
  }));

function stat([title, unit, expr], gridPos) {
  const legend = expr.includes("by (service)") ? "{{service}}" : title;
  return {
    type: "stat",
    title,
    gridPos,
    datasource: SOURCE,
    fieldConfig: { defaults: { unit, noValue: "–" }, overrides: [] },
    options: { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: "none", graphMode: "area" },
    targets: targets([[expr, legend]]),
  };
}

function timeSeries([title, unit, queries, description], gridPos) {
  return {
    type: "timeseries",
    title,
    description,
    gridPos,
    datasource: SOURCE,
    fieldConfig: {
      defaults: { unit, custom: { fillOpacity: 10, showPoints: "never" } },
      overrides: [],
    },
    options: {
      legend: { displayMode: "list", placement: "bottom" },
      tooltip: { mode: "multi", sort: "desc" },
    },
    targets: targets(queries),
  };
}

/** Panels side by side, with their places; y is the first free line after them. */
function placed(panels, { perLine, height, y, make }) {
  const w = WIDTH / perLine;
  const made = panels.map((panel, at) =>
    make(panel, { x: (at % perLine) * w, y: y + Math.floor(at / perLine) * height, w, h: height }),
  );
  return { made, y: y + Math.ceil(panels.length / perLine) * height };
}

function panels() {
  const all = [];
  let y = 0;
  for (const { title, stats = [], panels } of ROWS) {
    all.push({
      type: "row",
      title,
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
      collapsed: false,
      panels: [],
    });
    const numbers = placed(stats, { perLine: 6, height: 4, y: y + 1, make: stat });
    const curves = placed(panels, { perLine: 2, height: 8, y: numbers.y, make: timeSeries });
    all.push(...numbers.made, ...curves.made);
    y = curves.y;
  }
  return all.map((panel, at) => ({ id: at + 1, ...panel }));
}

/** All queries of the dashboard, as they were written, each with the panel's title. */
export function dashboardQueries() {
  return ROWS.flatMap(({ stats = [], panels }) => [
    ...stats.map(([title, , expr]) => ({ title, expr })),
    ...panels.flatMap(([title, , queries]) => queries.map(([expr]) => ({ title, expr }))),
  ]);
}

export function dashboard() {
  return {
    uid: "nightbeam",
    title: "Nightbeam",
    description:
      "A cluster: the night, the search, the queue, verifiers, costs. Metrics are in docs/guides/metrics.md.",
    tags: ["nightbeam"],
    schemaVersion: 39,
    editable: true,
    graphTooltip: 1,
    refresh: "10s",
    time: { from: "now-3h", to: "now" },
    timezone: "browser",
    templating: {
      list: [
        {
          name: "datasource",
          label: "Prometheus",
          type: "datasource",
          query: "prometheus",
          current: {},
        },
        {
          name: "job",
          label: "Cluster",
          type: "query",
          datasource: SOURCE,
          query: { query: "label_values(nightbeam_build_info, job)", refId: "job" },
          definition: "label_values(nightbeam_build_info, job)",
          includeAll: true,
          multi: true,
          allValue: ".*",
          current: { text: "All", value: "$__all" },
          refresh: 2,
          sort: 1,
        },
      ],
    },
    annotations: { list: [] },
    panels: panels(),
  };
}
