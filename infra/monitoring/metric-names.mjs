// Compares PromQL with the table of metrics: names, labels, and the labels' values.
import { METRICS, prometheusName } from "../../packages/telemetry/dist/index.js";

/** What Prometheus adds to every metric. */
const OWN = new Set(["job", "instance", "pod", "namespace"]);
const NAME = /\b(?:nightbeam|nodejs|process)_[a-z0-9_]+/g;
const SELECTOR = /\b((?:nightbeam|nodejs|process)_[a-z0-9_]+)(?:\{([^}]*)\})?/g;

/** The series of all metrics: name in Prometheus to labels. */
export function series() {
  const entries = Object.entries(METRICS).flatMap(([name, { kind, labels = {} }]) => {
    const base = prometheusName(name);
    const names =
      kind === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => `${base}${end}`) : [base];
    return names.map((one) => [
      one,
      kind === "histogram" ? { ...labels, le: { few: "" } } : labels,
    ]);
  });
  return new Map(entries);
}

/** Metrics that a query reads. */
export function namesIn(query) {
  return new Set(query.match(NAME) ?? []);
}

/** What is wrong with the metrics of a query, one line each. */
export function problemsOf(query, known = series()) {
  const selected = [...query.matchAll(SELECTOR)].flatMap(([, name, matchers = ""]) => {
    const labels = known.get(name);
    if (labels === undefined) return [`there is no metric ${name}`];
    return [...matchers.matchAll(/(\w+)(=~|=|!=|!~)"([^"]*)"/g)].flatMap(([, label, , value]) =>
      labelProblems({ name, labels, label, values: value.split("|") }),
    );
  });
  const grouped = [...query.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names]) =>
    names.split(", "),
  );
  const all = new Set([...namesIn(query)].flatMap((name) => Object.keys(known.get(name) ?? {})));
  const strange = grouped.filter((label) => label !== "" && !OWN.has(label) && !all.has(label));
  return [...selected, ...strange.map((label) => `no metric of it has the label ${label}`)];
}

function labelProblems({ name, labels, label, values }) {
  if (OWN.has(label)) return [];
  const allowed = labels[label];
  if (allowed === undefined) return [`${name} has no label ${label}`];
  if (!Array.isArray(allowed)) return [];
  return values
    .filter((value) => !allowed.includes(value))
    .map((value) => `${name}: ${label} is never ${value}`);
}
