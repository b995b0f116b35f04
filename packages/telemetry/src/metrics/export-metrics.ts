import { type HostPort, serveHttp } from "@nightbeam/service";
import type { Closers } from "@nightbeam/service/lifecycle";
import type { Log } from "@nightbeam/service/log";
import { type Metrics, type MetricsOptions, noMetrics } from "./metrics.js";
import { openMetrics } from "./open-metrics.js";

export interface ExportOptions extends MetricsOptions {
  /** Where Prometheus asks. Undefined: nowhere, and nothing is counted. */
  readonly metricsListen: HostPort | undefined;
  readonly log: Log;
  readonly closers: Closers;
}

const TEXT = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Opens the metrics of a service and serves them at `GET /metrics`, if that is asked for.
 *
 * @throws UsageError BAD_OPTION if the address cannot be used
 */
export async function exportMetrics(options: ExportOptions): Promise<Metrics> {
  const { metricsListen: address, log, closers } = options;
  if (address === undefined) return noMetrics;
  const { metrics, render, close } = await openMetrics(options);
  closers.add("metrics", close);
  const server = await serveHttp({
    address,
    flag: "--metrics-listen",
    pages: {
      "/metrics": async () => ({ status: 200, body: await render(), contentType: TEXT }),
    },
  });
  closers.add("metrics server", () => server.close());
  log.info({ url: `${server.url}/metrics` }, "serving metrics");
  return metrics;
}
