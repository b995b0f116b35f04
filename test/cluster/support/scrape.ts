import { definitionOf, METRICS, type MetricName, prometheusName } from "@nightbeam/telemetry";

/** A line of Prometheus' text format. */
export interface Sample {
  readonly metric: MetricName | undefined;
  /** As it is written, with `_bucket` and the like. */
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

const NAMES = Object.keys(METRICS).filter((name): name is MetricName => name in METRICS);
const BY_SERIES = new Map(NAMES.flatMap((name) => seriesOf(name).map((series) => [series, name])));

export async function scrape(url: string): Promise<{ text: string; samples: readonly Sample[] }> {
  const response = await fetch(url);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return { text, samples: lines.map(sampleOf) };
}

/** The sum of the samples of a metric with these labels. */
export function total(
  samples: readonly Sample[],
  metric: MetricName,
  labels: Readonly<Record<string, string>> = {},
): number {
  const series = prometheusName(metric);
  return samples
    .filter((sample) => sample.name === series)
    .filter((sample) => Object.entries(labels).every(([key, is]) => sample.labels.get(key) === is))
    .reduce((sum, { value }) => sum + value, 0);
}

/** What the table does not allow about a sample; undefined if nothing. */
export function problemOf({ metric, name, labels }: Sample): string | undefined {
  if (metric === undefined) return `${name} is not in the table`;
  const known = new Map(Object.entries(definitionOf(metric).labels ?? {}));
  const given = [...labels.keys()].filter((label) => label !== "le");
  if (given.sort().join() !== [...known.keys()].sort().join()) return `${name} has labels ${given}`;
  for (const label of given) {
    const values = known.get(label);
    const value = labels.get(label) ?? "";
    if (Array.isArray(values) && !values.includes(value)) return `${name}: ${label} is ${value}`;
  }
  return undefined;
}

function seriesOf(name: MetricName): readonly string[] {
  const series = prometheusName(name);
  return definitionOf(name).kind === "histogram"
    ? ["_bucket", "_sum", "_count"].map((end) => series + end)
    : [series];
}

function sampleOf(line: string): Sample {
  const [, name = "", text = "", value = ""] = /^([^{ ]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  const labels = [...text.matchAll(/([^=,]+)="([^"]*)"/g)].map(
    ([, label = "", is = ""]) => [label, is] as const,
  );
  return { metric: BY_SERIES.get(name), name, labels: new Map(labels), value: Number(value) };
}
