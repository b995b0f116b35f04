import type { Metrics, MetricsOptions } from "./metrics.js";
import { metricsOf } from "./table.js";

/** Metrics of a service that are exported. */
export interface OpenMetrics {
  readonly metrics: Metrics;
  /** All values now, in Prometheus' text format. */
  render(): Promise<string>;
  close(): Promise<void>;
}

/** Opens the metrics of a service. OpenTelemetry is loaded here, so that services without metrics do without. */
export async function openMetrics(options: MetricsOptions): Promise<OpenMetrics> {
  const [{ openProvider }, { observeProcess }] = await Promise.all([
    import("./provider.js"),
    import("./observe-process.js"),
  ]);
  const provider = openProvider(metricsOf(options.service));
  const stop = observeProcess(provider.metrics, options);
  return {
    ...provider,
    close: async () => {
      stop();
      await provider.close();
    },
  };
}
