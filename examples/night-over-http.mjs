// Has a cluster recommend for all users, by the scheduler's HTTP API alone. The request is a JSON file with
// the keys of `nightbeam submit`: { "target", "catalogue", "histories", "out", "topK", ... }.
//     NIGHTBEAM_SCHEDULER_URL=http://127.0.0.1:7080 NIGHTBEAM_TOKEN=... node examples/night-over-http.mjs REQUEST
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const { NIGHTBEAM_SCHEDULER_URL: url = "http://127.0.0.1:7080", NIGHTBEAM_TOKEN: token } =
  process.env;

async function ask(method, path, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const response = await fetch(`${url}/v1/${path}`, { method, headers, body });
  const answer = await response.json();
  if (response.ok) return answer;
  throw new Error(`${answer.code}: ${answer.message}`);
}

const request = await readFile(process.argv[2] ?? "request.json", "utf8");
// Submitting the same request again returns the same run, so this can be repeated after a failure.
let { run } = await ask("POST", "runs", request);
while (run.state === "planning" || run.state === "running") {
  await sleep(500);
  run = await ask("GET", `runs/${run.id}`);
  console.error(`${run.state}: ${run.users.done} of ${run.users.total ?? "?"} users`);
}
if (run.state !== "complete") throw new Error(`run ${run.id} is ${run.state}: ${run.reason ?? ""}`);

const { out } = JSON.parse(request);
const manifest = JSON.parse(await readFile(join(out, "manifest.json"), "utf8"));
console.log(`${manifest.users} users in ${manifest.parts.length} files`);
for (const { file } of manifest.parts) console.log(join(out, file));
