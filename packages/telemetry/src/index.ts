export {
  type MetricDefinition,
  type OpenValues,
  SERVICES,
  type ServiceName,
} from "./metrics/definition.js";
export {
  type LabelsOf,
  METRICS,
  type MetricName,
  type NamesOf,
  prometheusName,
} from "./metrics/table.js";
