// Compares `nightbeam serve` with the engine called directly, at 50, 80 and 95% of the server's capacity.
//
//   node bench/scripts/serve/load.mjs --target DIR --draft DIR --catalogue FILE --histories FILE.jsonl [--seconds 30] [--users 400]
//
// vegeta sends at a fixed rate, so a slow server does not slow the load down. Every list is compared with the engine's.
import { parseArgs } from "node:util";
import { openClient } from "@nightbeam/client";
import { attack, check, direct, quantiles, readUsers, start } from "./support.mjs";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    draft: { type: "string", multiple: true, default: [] },
    catalogue: { type: "string" },
    histories: { type: "string" },
    seconds: { type: "string", default: "30" },
    users: { type: "string", default: "400" },
  },
});
const { target, draft, catalogue, histories } = values;
const users = readUsers(histories, Number(values.users));
const requests = users.map(({ user }) => ({ user }));
const { lists, times, perSecond, cpuMs } = await direct({ target, draft, catalogue }, users);
console.log(`engine alone: ${perSecond.toFixed(1)} users/s in full batches`);
console.log(`engine alone, one user at a time: ${quantiles(times)} ms (p50 / p95 / p99)`);
const [one, many] = [cpuMs.alone, cpuMs.batched].map((ms) => ms.toFixed(1));
console.log(`processor time of the engine per user: ${one} ms alone, ${many} ms in full batches`);

const models = ["--target", target, "--catalogue", catalogue, "--histories", histories];
const drafts = draft.flatMap((name) => ["--draft", name]);
const limits = ["--max-wait-ms", "600000", "--deadline-ms", "600000"];
const server = await start("serve", [...models, ...drafts, ...limits, "--listen", "127.0.0.1:0"]);
const client = openClient({ url: server.address, deadlineMs: 600_000 });
const all = () => Promise.all(requests.map((request) => client.recommend(request)));
await all();
const from = performance.now();
await all();
const capacity = requests.length / ((performance.now() - from) / 1e3);
console.log(`server: ${capacity.toFixed(1)} users/s, ${requests.length} requests at once\n`);

console.log(
  "| load | requests | right | wrong | lost | answer, ms | waiting, ms | computing, ms |",
);
console.log(
  "| ---- | -------- | ----- | ----- | ---- | ---------- | ----------- | ------------- |",
);
for (const share of [0.5, 0.8, 0.95]) {
  const url = server.address;
  const before = server.cpuSeconds();
  const results = attack({
    url,
    requests,
    rate: share * capacity,
    seconds: Number(values.seconds),
  });
  const cpu = (1e3 * (server.cpuSeconds() - before)) / results.length;
  const { right, wrong, lost, refused } = check(results, lists);
  const timing = (stage) =>
    quantiles(results.flatMap(({ answer }) => answer?.timing?.[stage] ?? []));
  const answered = quantiles(results.map(({ milliseconds }) => milliseconds));
  const cells = [`${100 * share}%`, results.length, right, wrong, lost + refused];
  console.log(
    `| ${[...cells, answered, timing("queueMs"), timing("computeMs"), cpu.toFixed(1)].join(" | ")} |`,
  );
}
await server.end("SIGTERM");
