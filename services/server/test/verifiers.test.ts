import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { openClient, type RecommendAnswer } from "@nightbeam/client";
import type { RunningServer } from "@nightbeam/server";
import { startNightbeam } from "@nightbeam/testing/command";
import { freePort } from "@nightbeam/testing/servers";
import { useWorld } from "@nightbeam/testing/world";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listsOfRun, readUsers, startTestServer, stop } from "./support.js";

const world = useWorld({ users: 20 });
let server: RunningServer | undefined;
const children = new Map<number, ChildProcess>();

/** Starts a verifier; it answers once this resolves. */
async function start(port: number): Promise<void> {
  const { target, catalogue } = world();
  const models = ["--target", target, "--catalogue", catalogue, "--workers", "1"];
  const { child } = startNightbeam("verifier", ...models, "--listen", `127.0.0.1:${port}`);
  children.set(port, child);
  if (child.stdout !== null) await once(child.stdout, "data");
}

async function kill(port: number): Promise<void> {
  const child = children.get(port);
  children.delete(port);
  if (child === undefined) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}

let ports: [number, number] = [0, 0];
beforeAll(async () => {
  ports = [await freePort(), await freePort()];
  await Promise.all(ports.map(start));
  server = await startTestServer(world(), {
    verifiers: ports.map((port) => `127.0.0.1:${port}`).join(),
    histories: world().histories,
    draft: ["retrieval"],
    batchSize: "4",
    maxWaitMs: "60000",
  });
});
afterAll(async () => {
  await stop(server);
  await Promise.all(ports.map(kill));
});

describe("with verifiers", () => {
  it("lists are those of one machine, and no request is lost when verifiers are killed", async () => {
    const expected = await listsOfRun(world(), { out: world().path("run") });
    const users = await readUsers(world());
    const client = openClient({ url: server?.url ?? "", deadlineMs: 60_000, maxRetries: 0 });
    const ask = async (rounds: number) => {
      const lists: [string, RecommendAnswer["items"]][] = [];
      for (let round = 0; round < rounds; round++) {
        const answers = await Promise.all(users.map(({ user }) => client.recommend({ user })));
        answers.forEach(({ items }, at) => void lists.push([users[at]?.user ?? "", items]));
      }
      return lists;
    };
    const [first, second] = ports;
    const asking = ask(6);
    await client.recommend({ user: users[0]?.user });
    await kill(first);
    for (const [user, items] of await asking) expect(items).toEqual(expected.get(user));
    await kill(second);
    const waiting = ask(1);
    await start(first);
    for (const [user, items] of await waiting) expect(items).toEqual(expected.get(user));
  });
});
