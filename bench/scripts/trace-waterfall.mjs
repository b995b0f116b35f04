// Draws one batch of users on its way through a cluster, from the trace of a run that this script makes.
//
//   node bench/scripts/trace-waterfall.mjs --target DIR --draft DIR --catalogue FILE --histories FILE --out FILE.svg
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startTraceReceiver } from "@nightbeam/testing/traces";
import { scaleLinear } from "d3-scale";
import { parseCluster, runNight, startCluster, stopCluster } from "./night-clusters.mjs";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    draft: { type: "string" },
    catalogue: { type: "string" },
    histories: { type: "string" },
    out: { type: "string" },
  },
});
for (const name of ["target", "draft", "catalogue", "histories", "out"]) {
  if (values[name] === undefined) {
    console.error(`--${name} is missing; the first lines of this script say how to call it`);
    process.exit(2);
  }
}

const ROW = 22;
const LEFT = 210;
const WIDTH = 900;
const TOP = 58;
const RIGHT = 20;

const COLOURS = { scheduler: "#8250df", drafter: "#0969da", verifier: "#1a7f37" };
const serviceOf = ({ service }) => service.replace("nightbeam-", "");

/** The spans of a run of a small cluster. */
async function traceRun() {
  const directory = await mkdtemp(join(tmpdir(), "nightbeam-waterfall-"));
  const receiver = await startTraceReceiver();
  try {
    const models = { ...values };
    const cluster = parseCluster(`traced=OTEL_EXPORTER_OTLP_ENDPOINT=${receiver.url}`);
    const running = await startCluster(cluster, { directory, models });
    const search = ["--beam-width", "20", "--draft-width", "40", "--part-size", "64"];
    await runNight(running, { at: 0, models, search });
    // What is left is sent at the end.
    await stopCluster(running);
    return receiver.spans;
  } finally {
    await receiver.close();
    await rm(directory, { recursive: true, force: true });
  }
}

/** The batch of usual length among the full ones with several calls, away from the start of the run. */
function chooseBatch(spans) {
  const calls = (batch) =>
    spans.filter(({ name, parentSpanId }) => name === "verify" && parentSpanId === batch.spanId);
  const batches = spans.filter((span) => span.name === "batch" && calls(span).length > 1);
  const users = (batch) => batch.attributes.get("nightbeam.users");
  const most = Math.max(...batches.map(users));
  const full = batches.filter((batch) => users(batch) > most / 2);
  const byTime = full.toSorted((a, b) => a.from - b.from).slice(full.length >> 1);
  const byLength = byTime.toSorted((a, b) => a.to - a.from - (b.to - b.from));
  const batch = byLength[byLength.length >> 1];
  if (batch === undefined) throw new Error("no batch has several calls: use more histories");
  return batch;
}

/** The spans above a batch, the outermost first, and the batch with all below it, in depth-first order. */
function rowsOf(spans, batch) {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const above = [];
  for (let at = byId.get(batch.parentSpanId); at !== undefined; at = byId.get(at.parentSpanId))
    above.unshift(at);
  const below = (span, depth) => [
    { span, depth },
    ...spans
      // A batch of the verifier belongs to its first call, and is linked to the others.
      .filter(
        ({ name, parentSpanId, links }) =>
          parentSpanId === span.spanId ||
          (name === "verifier batch" && links.includes(span.spanId)),
      )
      .toSorted((a, b) => a.from - b.from)
      .flatMap((child) => below(child, depth + 1)),
  ];
  return [...above.map((span, depth) => ({ span, depth })), ...below(batch, above.length)];
}

const xml = (text) =>
  text.replace(/[&<>]/g, (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[one]);

const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;

function note({ name, attributes, from, to }) {
  const ms = to - from;
  const time = ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`;
  const figure = (key) => attributes.get(`nightbeam.${key}`);
  if (name === "batch" || name === "draft") return `${count(figure("users"), "user")}, ${time}`;
  if (name === "verify") return `to ${figure("verifier")}, ${time}`;
  if (name === "model pass") {
    return `${count(figure("calls"), "call")}, ${figure("rows")} rows, ${time}`;
  }
  return time;
}

function draw(spans) {
  const batch = chooseBatch(spans);
  const rows = rowsOf(spans, batch);
  const length = batch.to - batch.from;
  const x = scaleLinear([-0.03 * length, 1.03 * length], [LEFT, WIDTH - RIGHT]);
  const [start, end] = x.domain();
  const height = TOP + rows.length * ROW + 12;
  const bars = rows.map(({ span, depth }, row) => {
    const from = Math.max(start, span.from - batch.from);
    const to = Math.min(end, span.to - batch.from);
    const y = TOP + row * ROW;
    const width = Math.max(1.5, x(to) - x(from));
    const text = note(span);
    // About 6 units per letter; a label that fits nowhere else goes before the bar.
    const inside = width > text.length * 6 + 8;
    const after = x(to) + 4 + text.length * 6 < WIDTH;
    const [place, anchor] = inside
      ? [x(from) + 4, "start"]
      : after
        ? [x(to) + 4, "start"]
        : [x(from) - 4, "end"];
    return [
      `<text x="${8 + depth * 9}" y="${y + 15}">${xml(span.name)}</text>`,
      `<rect x="${x(from).toFixed(1)}" y="${y + 3}" width="${width.toFixed(1)}" height="${ROW - 6}" rx="2" fill="${COLOURS[serviceOf(span)]}"/>`,
      `<text x="${place.toFixed(1)}" y="${y + 15}" text-anchor="${anchor}"${inside ? ' class="on"' : ' class="note"'}>${xml(text)}</text>`,
    ].join("");
  });
  const axis = x
    .ticks(6)
    .filter((tick) => tick >= 0)
    .map(
      (tick) =>
        `<line x1="${x(tick)}" x2="${x(tick)}" y1="${TOP - 6}" y2="${height - 10}"/><text x="${x(tick)}" y="${TOP - 10}" text-anchor="middle" class="note">${tick} ms</text>`,
    );
  const legend = Object.entries(COLOURS).map(
    ([name, colour], at) =>
      `<rect x="${LEFT + at * 100}" y="10" width="12" height="12" rx="2" fill="${colour}"/><text x="${LEFT + at * 100 + 18}" y="20">${name}</text>`,
  );
  const users = batch.attributes.get("nightbeam.users");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="The spans of a batch of ${users} users, from the run down to the passes of the model">
<style>
svg { background: #fff; font: 12px system-ui, sans-serif }
text { fill: #1f2328 }
.note { fill: #59636e }
.on { fill: #fff }
line { stroke: #d1d9e0 }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117 }
  text { fill: #f0f6fc }
  .note { fill: #9198a1 }
  line { stroke: #3d444d }
}
</style>
${[...axis, ...legend, ...bars].join("\n")}
</svg>
`;
}

await writeFile(values.out, draw(await traceRun()));
