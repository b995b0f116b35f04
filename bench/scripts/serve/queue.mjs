// What waiting for a batch adds at 50, 80 and 95% of the capacity: the server's own queue, on a clock that is advanced, with
// Poisson arrivals from a seed and batches that take what a measured line says. The figures do not depend on the machine.
//
//   node bench/scripts/serve/queue.mjs [--call-ms 20] [--token-ms 0.25] [--latency-ms 100] [--requests 4000]
//
// `nightbeam serve` prints its line when it starts: "batches are measured: a call costs … ms and … ms per 1,000 tokens".
import { parseArgs } from "node:util";
import { NOTHING_EXCLUDED } from "@nightbeam/catalogue";
import { CostTracker } from "@nightbeam/recommend";
import { FakeTime, seeded } from "@nightbeam/testing";
import { MicroBatcher } from "../../../services/server/dist/batching/micro-batcher.js";
import { quantiles } from "./support.mjs";

const { values } = parseArgs({
  options: {
    "call-ms": { type: "string", default: "20" },
    "token-ms": { type: "string", default: "0.25" },
    "latency-ms": { type: "string", default: "100" },
    requests: { type: "string", default: "4000" },
  },
});
const [callMs, tokenMs] = [Number(values["call-ms"]), Number(values["token-ms"])];
/** Users per batch at most, batches at once, tokens that the levels add to a prompt. */
const [BATCH, PLACES, NODES] = [32, 2, 60];
/** Prompts of histories of some 3 to 20 items of four codes. */
const promptTokens = (random) => 13 + 4 * Math.floor(random() * 18);

const meanTokens = 13 + 4 * 8.5 + NODES;
const perSecond = (1_000 * PLACES * BATCH) / (callMs + BATCH * meanTokens * tokenMs);
console.log(
  `capacity: ${perSecond.toFixed(1)} users/s in full batches; one user alone takes ${(callMs + meanTokens * tokenMs).toFixed(0)} ms\n`,
);
console.log(
  "| load | answered | refused | answer, ms | waiting, ms | computing, ms | users per batch |",
);
console.log(
  "| ---- | -------- | ------- | ---------- | ----------- | ------------- | --------------- |",
);
for (const share of [0.5, 0.8, 0.95, 1.5]) await simulate(share);

async function simulate(share) {
  const time = new FakeTime();
  const random = seeded(7);
  const sizes = [];
  const batcher = new MicroBatcher({
    decode: (jobs) => {
      sizes.push(jobs.length);
      const tokens = jobs.reduce((sum, { prompt }) => sum + prompt.length + NODES, 0);
      return new Promise((resolve) =>
        time.after(callMs + tokens * tokenMs, () => resolve(jobs.map(() => ({})))),
      );
    },
    tokensOf: (prompt) => prompt + NODES,
    cost: new CostTracker({ callMs, tokenMs }),
    batchesAtOnce: () => PLACES,
    batchSize: BATCH,
    latencyMs: Number(values["latency-ms"]),
    maxWaitMs: 1_000,
    clock: time,
  });
  const answers = [];
  let refused = 0;
  for (let at = 0; at < Number(values.requests); at++) {
    await time.advance((-Math.log(1 - random()) * 1e3) / (share * perSecond));
    const user = {
      prompt: new Int32Array(promptTokens(random)),
      history: new Uint32Array(),
      exclusion: NOTHING_EXCLUDED,
    };
    const { signal } = new AbortController();
    batcher.submit(user, { signal, deadline: time.now() + 600_000 }).then(
      (decoded) => answers.push(decoded),
      () => refused++,
    );
  }
  await time.advance(60_000);
  const of = (pick) => quantiles(answers.map(pick));
  const cells = [
    ...[`${100 * share}%`, answers.length, refused],
    of(({ queueMs, computeMs }) => queueMs + computeMs),
    of(({ queueMs }) => queueMs),
    of(({ computeMs }) => computeMs),
    (sizes.reduce((sum, size) => sum + size, 0) / sizes.length).toFixed(1),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
