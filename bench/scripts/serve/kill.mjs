// Kills and restarts the verifiers of `nightbeam serve` in turn while requests come at a fixed rate.
//
//   node bench/scripts/serve/kill.mjs --target DIR --draft DIR --catalogue FILE --histories FILE.jsonl [--rate 10] [--seconds 40]
//
// Every list is compared with the engine's. A request has 60 s; none may fail.
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { freePort } from "@nightbeam/service";
import { check, direct, quantiles, readUsers, start } from "./support.mjs";

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    draft: { type: "string", multiple: true, default: [] },
    catalogue: { type: "string" },
    histories: { type: "string" },
    rate: { type: "string", default: "10" },
    seconds: { type: "string", default: "40" },
  },
});
const { target, draft, catalogue, histories } = values;
const users = readUsers(histories, 200);
const requests = users.map(({ user }) => ({ user, deadlineMs: 60_000 }));
const { lists } = await direct({ target, draft, catalogue }, users);
const models = ["--target", target, "--catalogue", catalogue];
const ports = [await freePort(), await freePort()];
const verifier = (port) =>
  start("verifier", [...models, "--workers", "1", "--listen", `127.0.0.1:${port}`]);
const verifiers = await Promise.all(ports.map(verifier));
const server = await start("serve", [
  ...[...models, "--histories", histories, ...draft.flatMap((name) => ["--draft", name])],
  ...["--verifiers", ports.map((port) => `127.0.0.1:${port}`).join(), "--max-wait-ms", "60000"],
  ...["--listen", "127.0.0.1:0"],
]);
// In a thread of its own, as vegeta is waited for.
const load = new Worker(
  `const { workerData, parentPort } = require("node:worker_threads");
   import(workerData.support).then(({ attack }) => parentPort.postMessage(attack(workerData)));`,
  {
    eval: true,
    workerData: {
      support: new URL("./support.mjs", import.meta.url).href,
      ...{
        url: server.address,
        requests,
        rate: Number(values.rate),
        seconds: Number(values.seconds),
      },
    },
  },
);
let results;
load.once("message", (message) => {
  results = message;
});
let kills = 0;
while (results === undefined) {
  await sleep(5_000);
  if (results !== undefined) break;
  const at = kills++ % 2;
  await verifiers[at].end("SIGKILL");
  // Every third time there is no verifier at all for a while.
  if (kills % 3 === 0) await verifiers[1 - at].end("SIGKILL");
  await sleep(2_000);
  verifiers[at] = await verifier(ports[at]);
  if (kills % 3 === 0) verifiers[1 - at] = await verifier(ports[1 - at]);
}
const { right, wrong, refused, lost } = check(results, lists);
console.log(
  `${results.length} requests, ${kills} kills: ${right} right, ${wrong} wrong, ${refused} refused, ${lost} lost`,
);
console.log(
  `answers: ${quantiles(results.map(({ milliseconds }) => milliseconds))} ms (p50 / p95 / p99)`,
);
await server.end("SIGTERM");
await Promise.all(verifiers.map(({ end }) => end("SIGTERM")));
