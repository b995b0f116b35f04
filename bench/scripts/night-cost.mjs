// Measures what a setting of a cluster costs: the same night on several clusters of this machine in turn, in processor
// time of their drafters and verifiers (less noisy than wall time) and in users per second. Compares part files.
//
//   node bench/scripts/night-cost.mjs --target DIR --draft DIR --catalogue FILE --histories FILE
//       --cluster NAME [--cluster NAME=FLAGS …] [--repeat 3] [--beam-width 20] [--part-size 64]
//
// FLAGS are those of `nightbeam cluster up`: --cluster plain --cluster "audited=--audit-rate 0.01". NAME@CHECKOUT=FLAGS
// takes the built command of another checkout, such as an older version. FLAGS may begin with variables:
//
//   --cluster "metrics=NIGHTBEAM_METRICS_LISTEN=127.0.0.1:0"
//   --cluster "traces=OTEL_EXPORTER_OTLP_ENDPOINT=SINK OTEL_TRACES_SAMPLER=parentbased_traceidratio OTEL_TRACES_SAMPLER_ARG=0.1"
//
// Metrics are scraped every 5 s. SINK stands for a receiver of traces in this process.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  parseCluster,
  runNight,
  scrape,
  startCluster,
  startTraceSink,
  stopCluster,
} from "./night-clusters.mjs";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    draft: { type: "string" },
    catalogue: { type: "string" },
    histories: { type: "string" },
    cluster: { type: "string", multiple: true, default: [] },
    repeat: { type: "string", default: "3" },
    "beam-width": { type: "string", default: "20" },
    "part-size": { type: "string", default: "64" },
  },
});
for (const name of ["target", "draft", "catalogue", "histories"]) {
  if (values[name] === undefined) {
    console.error(`--${name} is missing; the first lines of this script say how to call it`);
    process.exit(2);
  }
}
const SCRAPE_MS = 5_000;

const { target, draft, catalogue, histories } = values;
const models = { target, draft, catalogue, histories };
const search = [
  ...["--beam-width", values["beam-width"], "--draft-width", "40"],
  ...["--part-size", values["part-size"]],
];

function quantile(all, share) {
  const sorted = all.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

const median = (all) => quantile(all, 0.5);
const spread = (all) => `${quantile(all, 0.25).toFixed(3)} to ${quantile(all, 0.75).toFixed(3)}`;

const directory = await mkdtemp(join(tmpdir(), "nightbeam-night-cost-"));
const sink = await startTraceSink();
const clusters = [];
try {
  for (const text of values.cluster) {
    const cluster = parseCluster(text.replaceAll("SINK", sink.url));
    clusters.push(await startCluster(cluster, { directory, models }));
  }
  const nights = new Map(clusters.map(({ name }) => [name, []]));
  for (let round = 0; round <= Number(values.repeat); round++) {
    // Every second round the other way round, so that none always follows the same one.
    for (const cluster of round % 2 === 0 ? clusters : clusters.toReversed()) {
      const traced = sink.taken();
      const end = scrape(cluster, SCRAPE_MS);
      const result = await runNight(cluster, { at: round, models, search });
      const scrapes = end();
      // The first round warms up.
      if (round > 0) nights.get(cluster.name).push(result);
      console.log(
        `${cluster.name}: ${result.used.toFixed(1)} s of processor time, ${result.seconds.toFixed(1)} s, ` +
          `${scrapes} scrapes, ${sink.taken() - traced} bytes of traces, parts ${result.sha256.slice(0, 12)}`,
      );
    }
  }
  const [base] = [...nights.values()];
  for (const [name, all] of nights) {
    const used = all.map((one, at) => one.used / base[at].used);
    const rate = all.map((one, at) => base[at].seconds / one.seconds);
    console.log(
      `${name}: processor time ${median(used).toFixed(3)} of ${clusters[0].name} (median of ${all.length} rounds, ` +
        `quartiles ${spread(used)}), users/s ${median(rate).toFixed(3)} (${spread(rate)})`,
    );
  }
} finally {
  for (const cluster of clusters) await stopCluster(cluster);
  sink.close();
  await rm(directory, { recursive: true, force: true });
}
