export {
  type MetricDefinition,
  type OpenValues,
  SERVICES,
  type ServiceName,
} from "./metrics/definition.js";
export { exportMetrics } from "./metrics/export-metrics.js";
export { type Metrics, noMetrics, type Recorder, type SetValue } from "./metrics/metrics.js";
export { openMetrics } from "./metrics/open-metrics.js";
export {
  definitionOf,
  type LabelsOf,
  METRICS,
  type MetricName,
  metricsOf,
  type NamesOf,
  prometheusName,
} from "./metrics/table.js";
