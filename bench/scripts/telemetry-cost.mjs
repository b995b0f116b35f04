// Measures what metrics and traces cost, in processor time per recorded value, per span and per scrape.
//
//   node bench/scripts/telemetry-cost.mjs
//
// What a run records per user is in its metrics, so the share of a run follows; night-cost.mjs compares whole nights.
import { Closers } from "@nightbeam/service/lifecycle";
import { silentLog } from "@nightbeam/service/log";
import { openMetrics } from "../../packages/telemetry/dist/metrics/open-metrics.js";
import { openRelay } from "../../packages/telemetry/dist/metrics/relay.js";
import { openTracing } from "../../packages/telemetry/dist/traces/open-tracing.js";
import { startTraceSink } from "./night-clusters.mjs";

const ROUNDS = 9;

/** Microseconds of processor time of all threads per unit of work: median, and the range of the rounds. */
async function measure(what, { count, work }) {
  const times = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    // The first round warms up.
    if (round > 0) times.push((user + system) / count);
  }
  times.sort((a, b) => a - b);
  const [least, median, most] = [times[0], times[times.length >> 1], times.at(-1)];
  console.log(
    `${what}: ${median.toFixed(2)} µs (${least.toFixed(2)} to ${most.toFixed(2)} in ${ROUNDS} rounds)`,
  );
}

const { metrics, render, close } = await openMetrics({ service: "drafter", version: "0" });
const relay = openRelay({ send: (recorded) => metrics.replay(structuredClone(recorded)) });
const VALUES = 20_000;
await measure("a value recorded in the decode thread, sent and counted", {
  count: VALUES,
  work: () => {
    for (let at = 0; at < VALUES; at++) {
      if (at % 2 === 0) relay.add("nightbeam.drafter.verify.io", at, { direction: "sent" });
      else relay.record("nightbeam.drafter.verify.duration", at / VALUES);
      // As many as a busy drafter holds back.
      if (at % 500 === 499) relay.flush();
    }
  },
});
await measure("a scrape", {
  count: 50,
  work: async () => {
    for (let at = 0; at < 50; at++) await render();
  },
});
await close();

const sink = await startTraceSink();
const closers = new Closers({ onError: (part, error) => console.error(part, error) });
const SPANS = 2_000;
for (const sampler of ["always_on", "always_off"]) {
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = sink.url;
  process.env.OTEL_TRACES_SAMPLER = sampler;
  const tracing = await openTracing({ service: "drafter", version: "0", log: silentLog, closers });
  const attributes = { "nightbeam.users": 20 };
  await measure(`a span, ${sampler === "always_on" ? "sent" : "not sampled"}`, {
    count: SPANS,
    work: () =>
      tracing.within("batch", {}, async () => {
        for (let at = 1; at < SPANS; at++) {
          await tracing.within("verify", { kind: "client", attributes }, async () => undefined);
          // Time to send what is waiting, as between calls of a verifier.
          if (at % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }),
  });
}
await closers.close();
console.log(`${sink.taken()} bytes of traces`);
sink.close();
