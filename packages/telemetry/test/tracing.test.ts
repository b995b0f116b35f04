import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Closers } from "@nightbeam/service/lifecycle";
import { silentLog } from "@nightbeam/service/log";
import { refusal } from "@nightbeam/testing";
import { expect, it } from "vitest";
import { openTracing } from "../src/traces/open-tracing.js";
import { noTracing } from "../src/traces/tracing.js";

const closers = new Closers({ onError: (_part, error) => expect.fail(String(error)) });

function open(env: Readonly<Record<string, string>>) {
  return openTracing({ service: "drafter", version: "0", log: silentLog, closers, env });
}

it.each([
  {},
  { OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" },
  { OTEL_SDK_DISABLED: "true", OTEL_TRACES_EXPORTER: "otlp" },
])("traces nothing with the variables %o", async (env) => {
  expect(await open(env)).toBe(noTracing);
});

it("loads nothing of OpenTelemetry's SDK unless it is wanted", () => {
  const script = `
    import { createRequire } from "node:module";
    import { exportMetrics, openTracing } from "@nightbeam/telemetry";
    const options = { service: "drafter", version: "0", metricsListen: undefined };
    await openTracing({ ...options, env: {} });
    await exportMetrics(options);
    const { cache } = createRequire(import.meta.url);
    console.log(Object.keys(cache).filter((path) => path.includes("@opentelemetry")).length);
    await openTracing({ ...options, env: { OTEL_TRACES_EXPORTER: "otlp" }, log: { info() {} }, closers: { add() {} } });
    console.log(Object.keys(cache).some((path) => path.includes("@opentelemetry")));
  `;
  const args = ["--input-type=module", "--eval", script];
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  expect(execFileSync(process.execPath, args, { cwd, encoding: "utf8" })).toBe("0\ntrue\n");
});

it.each([
  [{ OTEL_TRACES_EXPORTER: "zipkin" }, /OTEL_TRACES_EXPORTER is zipkin: set otlp or none/],
  [
    { OTEL_TRACES_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" },
    /OTEL_EXPORTER_OTLP_PROTOCOL is grpc: traces are sent as http\/protobuf/,
  ],
])("refuses %o", async (env, message) => {
  expect((await refusal(open(env))).message).toMatch(message);
});

it("gives the traceparent of the work in progress, also across awaits", async () => {
  const tracing = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" });
  const parent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  expect(tracing.current).toBeUndefined();
  const seen = await tracing.within("outer", { parent }, async (outer) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const inner = await tracing.within("inner", {}, async ({ traceparent }) => traceparent);
    return { outer: outer.traceparent, current: tracing.current, inner };
  });
  expect(seen.outer).toMatch(/^00-a{32}-[0-9a-f]{16}-01$/);
  expect(seen.current).toBe(seen.outer);
  expect(seen.inner).toMatch(/^00-a{32}-[0-9a-f]{16}-01$/);
  expect(seen.inner).not.toBe(seen.outer);
  expect(tracing.reserve(parent)).toMatch(/^00-a{32}-[0-9a-f]{16}-01$/);
  expect(tracing.reserve("nonsense")).toBeUndefined();
  // What is not sampled goes on like that, also to other processes.
  const unsampled = parent.replace(/01$/, "00");
  const passed = await tracing.within("outer", { parent: unsampled }, () =>
    tracing.within("inner", {}, async ({ traceparent }) => [traceparent, tracing.current]),
  );
  expect(passed).toEqual([unsampled, unsampled]);
  await closers.close();
});
