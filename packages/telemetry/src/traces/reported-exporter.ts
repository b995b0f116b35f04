import { ExportResultCode } from "@opentelemetry/core";
import type { SpanExporter } from "@opentelemetry/sdk-trace-base";
import type { TracingOptions } from "./tracing-options.js";

/** The same trouble is logged again after this time. */
const REPEAT_MS = 60_000;

/** An exporter whose failures are logged. The SDK has a logger of its own, which is global. */
export function reportedExporter(exporter: SpanExporter, log: TracingOptions["log"]): SpanExporter {
  let reportedAt = Number.NEGATIVE_INFINITY;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const now = performance.now();
        if (result.code === ExportResultCode.FAILED && now - reportedAt >= REPEAT_MS) {
          reportedAt = now;
          const reason = result.error?.message ?? "no reason was given";
          log.warn(
            { spans: spans.length, reason },
            "traces cannot be sent; check OTEL_EXPORTER_OTLP_ENDPOINT",
          );
        }
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
