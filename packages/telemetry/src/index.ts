export {
  type MetricDefinition,
  type OpenValues,
  SERVICES,
  type ServiceName,
} from "./metrics/definition.js";
export { exportMetrics } from "./metrics/export-metrics.js";
export { measuredStore } from "./metrics/measured-store.js";
export {
  type Metrics,
  noMetrics,
  type Recorded,
  type Recorder,
  type SetValue,
} from "./metrics/metrics.js";
export { openRelay, type Relay } from "./metrics/relay.js";
export {
  definitionOf,
  type LabelsOf,
  METRICS,
  type MetricName,
  metricsOf,
  type NamesOf,
  prometheusName,
} from "./metrics/table.js";
export { openTracing } from "./traces/open-tracing.js";
export { noTracing, type Span, type SpanAttributes, type Tracing } from "./traces/tracing.js";
