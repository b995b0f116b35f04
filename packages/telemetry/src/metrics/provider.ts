import type { Attributes, Counter, Histogram, Observable } from "@opentelemetry/api";
import { PrometheusSerializer } from "@opentelemetry/exporter-prometheus";
import {
  AggregationTemporality,
  AggregationType,
  InstrumentType,
  MeterProvider,
  MetricReader,
  type ViewOptions,
} from "@opentelemetry/sdk-metrics";
import type { MetricDefinition } from "./definition.js";
import type { Metrics } from "./metrics.js";
import { definitionOf, type MetricName, prometheusBase } from "./table.js";

/** A gauge whose callback fails or takes longer than this is absent from the answer. */
const OBSERVE_MS = 3_000;
/** Label values of a metric beyond which OpenTelemetry counts the others together. */
const MAX_SERIES = 1_000;

/** Makes the instruments of the named metrics, read as Prometheus reads them. */
export function openProvider(names: readonly MetricName[]): {
  readonly metrics: Metrics;
  render(): Promise<string>;
  close(): Promise<void>;
} {
  const reader = new ScrapeReader();
  const provider = new MeterProvider({ readers: [reader], views: names.map(viewOf) });
  const meter = provider.getMeter("nightbeam");
  const counters = new Map<MetricName, Counter>();
  const histograms = new Map<MetricName, Histogram>();
  const observed = new Map<MetricName, Observable>();
  for (const name of names) {
    const { kind, unit, description, labels = {} } = definitionOf(name);
    const about = { unit, description };
    switch (kind) {
      case "counter": {
        const counter = meter.createCounter(name, about);
        // So that the first failure is an increase, and not a new series.
        for (const series of knownSeries(labels)) counter.add(0, series);
        counters.set(name, counter);
        break;
      }
      case "histogram":
        histograms.set(name, meter.createHistogram(name, about));
        break;
      case "gauge":
        observed.set(name, meter.createObservableGauge(name, about));
        break;
      case "observable-counter":
        observed.set(name, meter.createObservableCounter(name, about));
        break;
      default:
        kind satisfies never;
    }
  }
  const all = [...observed.values()];
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  return {
    metrics: {
      add: (name, value, ...labels) => counters.get(name)?.add(value, attributesOf(labels)),
      record: (name, value, ...labels) => histograms.get(name)?.record(value, attributesOf(labels)),
      replay: (recorded) => {
        for (const { name, value, labels } of recorded) {
          counters.get(name)?.add(value, { ...labels });
          histograms.get(name)?.record(value, { ...labels });
        }
      },
      observe: (read) =>
        meter.addBatchObservableCallback(async (result) => {
          await read((name, value, ...labels) => {
            const instrument = observed.get(name);
            if (instrument !== undefined) result.observe(instrument, value, attributesOf(labels));
          });
        }, all),
    },
    render: async () => {
      const { resourceMetrics } = await reader.collect({ timeoutMillis: OBSERVE_MS });
      return serializer.serialize(resourceMetrics);
    },
    close: () => provider.shutdown(),
  };
}

function attributesOf([labels]: readonly object[]): Attributes {
  return { ...labels };
}

/** Collects when it is asked to. Gauges that were not observed this time are absent. */
class ScrapeReader extends MetricReader {
  constructor() {
    super({
      aggregationTemporalitySelector: (type) =>
        type === InstrumentType.OBSERVABLE_GAUGE
          ? AggregationTemporality.DELTA
          : AggregationTemporality.CUMULATIVE,
    });
  }

  protected override async onForceFlush(): Promise<void> {}

  protected override async onShutdown(): Promise<void> {}
}

/** Prometheus' names contain the unit, which the serializer does not add. */
function viewOf(name: MetricName): ViewOptions {
  const { buckets } = definitionOf(name);
  return {
    instrumentName: name,
    name: prometheusBase(name),
    aggregationCardinalityLimit: MAX_SERIES,
    ...(buckets === undefined
      ? {}
      : {
          aggregation: {
            type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
            options: { boundaries: [...buckets], recordMinMax: false },
          },
        }),
  };
}

/** All combinations of the values of labels; none if a label's values are not known in advance. */
function knownSeries(labels: NonNullable<MetricDefinition["labels"]>): readonly Attributes[] {
  let series: readonly Attributes[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if ("few" in values) return [];
    series = series.flatMap((one) => values.map((value) => ({ ...one, [label]: value })));
  }
  return series;
}
