// Sends 10,000 requests at once to `nightbeam serve`, over 10,000 connections, with a client that retries, and compares
// every list with the engine's. The world is made up, with small models.
//
//   node bench/scripts/serve/burst.mjs [--requests 10000]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openClient } from "@nightbeam/client";
import { SMALL_WORLD, writeWorld } from "@nightbeam/testing/world";
import { direct, keyOf, readUsers, start } from "./support.mjs";

const { values } = parseArgs({ options: { requests: { type: "string", default: "10000" } } });
const count = Number(values.requests);
const directory = mkdtempSync(join(tmpdir(), "nightbeam-burst-"));
let server;
try {
  const { target, catalogue, histories } = await writeWorld({
    ...SMALL_WORLD,
    ...{ layers: 1, width: 8, heads: 1, maxItems: 3 },
    users: 1_000,
    directory,
  });
  const users = readUsers(histories, 1_000);
  const { lists, perSecond } = await direct({ target, catalogue, beamWidth: 10 }, users);
  const models = [
    "--target",
    target,
    "--catalogue",
    catalogue,
    "--histories",
    histories,
    "--beam-width",
    "10",
  ];
  server = await start("serve", [...models, "--listen", "127.0.0.1:0"]);
  const statuses = new Map();
  const counting = async (...args) => {
    const response = await fetch(...args);
    statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
    return response;
  };
  const url = server.address;
  const client = openClient({ url, deadlineMs: 600_000, maxRetries: 1_000, fetch: counting });
  const times = [];
  const from = performance.now();
  const outcomes = await Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const { user } = users[at % users.length];
      const { items } = await client.recommend({ user });
      times.push(performance.now() - from);
      return keyOf(items) === lists.get(user);
    }),
  );
  const seconds = (performance.now() - from) / 1e3;
  const right = outcomes.filter(Boolean).length;
  const answers = [...statuses].map(([status, times]) => `${status}: ${times}`).join(", ");
  console.log(`engine alone: ${perSecond.toFixed(0)} users/s`);
  console.log(
    `${count} requests at once: ${right} right, ${count - right} wrong or lost, in ${seconds.toFixed(1)} s`,
  );
  console.log(`answers by status: ${answers}`);
} finally {
  await server?.end("SIGTERM");
  rmSync(directory, { recursive: true });
}
