import { UsageError } from "@nightbeam/service";
import { noTracing, type Tracing } from "./tracing.js";
import type { TracingOptions } from "./tracing-options.js";

/**
 * Opens traces if OpenTelemetry's variables ask for them: `OTEL_TRACES_EXPORTER=otlp`, or an endpoint. The SDK is loaded
 * only then, and reads the other variables itself.
 *
 * @throws UsageError BAD_OPTION for an exporter or a protocol that Nightbeam does not have
 */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { env = process.env, log, closers } = options;
  if (!isWanted(env)) return noTracing;
  const { openTracer } = await import("./tracer.js");
  const { tracing, close } = openTracer(options);
  closers.add("traces", close);
  log.info({}, "sending traces");
  return tracing;
}

/** Whether traces are to be sent. @throws UsageError BAD_OPTION */
function isWanted(env: NonNullable<TracingOptions["env"]>): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === "true") return false;
  const exporter = env.OTEL_TRACES_EXPORTER ?? "";
  if (exporter === "none") return false;
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "";
  if (exporter === "" && endpoint === "") return false;
  if (exporter !== "" && exporter !== "otlp") {
    throw refusal(`OTEL_TRACES_EXPORTER is ${exporter}: set otlp or none`);
  }
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? env.OTEL_EXPORTER_OTLP_PROTOCOL ?? "";
  if (protocol !== "" && protocol !== "http/protobuf") {
    throw refusal(
      `OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}: traces are sent as http/protobuf, usually to port 4318`,
    );
  }
  return true;
}

function refusal(message: string): UsageError {
  return new UsageError("BAD_OPTION", message);
}
