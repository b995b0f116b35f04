import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Metrics, MetricsOptions } from "./metrics.js";

const WINDOW_MS = 10_000;
/** Each sample wakes the process up: at the usual 20 ms, that alone takes 0.3% of a core. */
const RESOLUTION_MS = 250;

/** Delays of the event loop, in seconds. */
interface Delays {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Observes what every process has. @returns what ends it */
export function observeProcess(metrics: Metrics, { service, version }: MetricsOptions): () => void {
  const current = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  current.enable();
  let last: Delays | undefined;
  const timer = setInterval(() => {
    last = delaysOf(current);
    current.reset();
  }, WINDOW_MS);
  timer.unref();
  metrics.observe((set) => {
    set("nightbeam.build.info", 1, { service, version });
    const { user, system } = process.cpuUsage();
    set("process.cpu.time", user / 1e6, { mode: "user" });
    set("process.cpu.time", system / 1e6, { mode: "system" });
    set("process.memory.usage", process.memoryUsage.rss());
    set("process.uptime", process.uptime());
    const { p50, p99, max } = last ?? delaysOf(current);
    set("nodejs.eventloop.delay.p50", p50);
    set("nodejs.eventloop.delay.p99", p99);
    set("nodejs.eventloop.delay.max", max);
  });
  return () => {
    clearInterval(timer);
    current.disable();
  };
}

function delaysOf(histogram: IntervalHistogram): Delays {
  // Node measures the time between two timers, which contains the time that they wait.
  const seconds = (nanoseconds: number) => {
    return histogram.count === 0 ? 0 : Math.max(0, nanoseconds / 1e9 - RESOLUTION_MS / 1e3);
  };
  return {
    p50: seconds(histogram.percentile(50)),
    p99: seconds(histogram.percentile(99)),
    max: seconds(histogram.max),
  };
}
