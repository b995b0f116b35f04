import type { MetricDefinition, OpenValues, ServiceName } from "./definition.js";
import { DRAFTER_METRICS } from "./tables/drafter.js";
import { PROCESS_METRICS } from "./tables/process.js";
import { SCHEDULER_METRICS } from "./tables/scheduler.js";
import { SERVER_METRICS } from "./tables/server.js";
import { VERIFIER_METRICS } from "./tables/verifier.js";

/** All metrics, by their names in OpenTelemetry. docs/guides/metrics.md is generated from it. */
export const METRICS = {
  ...PROCESS_METRICS,
  ...SCHEDULER_METRICS,
  ...DRAFTER_METRICS,
  ...VERIFIER_METRICS,
  ...SERVER_METRICS,
} as const;

export type MetricName = keyof typeof METRICS;

type LabelsIn<Metric> = Metric extends { readonly labels: infer Labels } ? Labels : object;

/** The labels of a metric, with one of their values each. */
export type LabelsOf<Name extends MetricName> = {
  readonly [Label in keyof LabelsIn<(typeof METRICS)[Name]>]: ValueOf<
    LabelsIn<(typeof METRICS)[Name]>[Label]
  >;
};

type ValueOf<Values> = Values extends readonly (infer Value)[]
  ? Value
  : Values extends OpenValues
    ? string
    : never;

/** The names of metrics of one kind. */
export type NamesOf<Kind extends MetricDefinition["kind"]> = {
  [Name in MetricName]: (typeof METRICS)[Name]["kind"] extends Kind ? Name : never;
}[MetricName];

/** What Prometheus calls units; others, which name what is counted, are left out. */
const SUFFIXES: Readonly<Record<string, string>> = { s: "seconds", By: "bytes", "1": "ratio" };

/**
 * The name of a metric in Prometheus, without the `_total`, `_bucket`, `_sum` and `_count` that its kind adds. Follows
 * OpenTelemetry's rules for Prometheus.
 */
export function prometheusBase(name: MetricName): string {
  const suffix = SUFFIXES[definitionOf(name).unit];
  return [name.replaceAll(".", "_"), ...(suffix === undefined ? [] : [suffix])].join("_");
}

/** The name of a metric in Prometheus; of a histogram, without `_bucket`, `_sum` and `_count`. */
export function prometheusName(name: MetricName): string {
  const { kind } = definitionOf(name);
  const isCounter = kind === "counter" || kind === "observable-counter";
  return `${prometheusBase(name)}${isCounter ? "_total" : ""}`;
}

const NAMES = Object.keys(METRICS).filter((name): name is MetricName => name in METRICS);

/** The names of the metrics that a service exports, in the order of the table. */
export function metricsOf(service: ServiceName): readonly MetricName[] {
  return NAMES.filter((name) => METRICS[name].services.some((one) => one === service));
}

/** The metric, without what only the compiler needs to know about it. */
export function definitionOf(name: MetricName): MetricDefinition {
  return METRICS[name];
}
