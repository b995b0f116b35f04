import { addRun, type JobQueues, openQueues, openRedis, redisPrefix } from "@nightbeam/queue";
import { silentLog } from "@nightbeam/service/log";
import { type RedisServer, redisIsHere, startRedis } from "@nightbeam/testing/servers";
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { authorize } from "../src/access/authorize.js";
import { openSessions } from "../src/access/sessions.js";
import { openTokens } from "../src/access/tokens.js";
import { errorAnswer } from "../src/http/error-answer.js";
import { queuesPage } from "../src/http/queues-page.js";
import { QUEUES_PATH } from "../src/http/queues-path.js";

const TOKEN = "a-token-for-tests";

const queuesSchema = z.object({
  queues: z.array(
    z.object({
      name: z.string(),
      readOnlyMode: z.boolean(),
      counts: z.record(z.string(), z.number()),
    }),
  ),
});

describe.skipIf(!redisIsHere())("the page of the queues", () => {
  let server: RedisServer;
  let queues: JobQueues;
  let app: Hono;
  beforeAll(async () => {
    server = await startRedis();
    const redis = await openRedis({ url: server.url, role: "producer" });
    queues = openQueues({ redis, prefix: redisPrefix("staging") });
    await addRun(queues, { runId: "r-1", location: "/out", shards: [{ index: 0, rows: 3 }] });
    const tokens = await openTokens({ token: TOKEN, log: silentLog });
    app = new Hono();
    app.onError((error, context) => context.json(errorAnswer(error), errorAnswer(error).status));
    app.use(
      `${QUEUES_PATH}/*`,
      authorize({ tokens, sessions: openSessions({ tokens }) }, silentLog),
    );
    app.route(QUEUES_PATH, queuesPage(queues));
  });
  afterAll(async () => {
    await queues.close();
    queues.redis.disconnect();
    await server.stop();
  });

  const ask = (path: string, method = "GET", token = TOKEN) =>
    app.request(`${QUEUES_PATH}${path}`, { method, headers: { authorization: `Bearer ${token}` } });

  it("asks no other host for anything", async () => {
    const page = await ask("");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const html = await page.text();
    const sources = [...html.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, path]) => path ?? "");
    expect(sources.length).toBeGreaterThan(4);
    for (const path of sources) {
      const resolved = new URL(path, `http://scheduler${QUEUES_PATH}/`);
      expect(resolved.host).toBe("scheduler");
      if (resolved.pathname === `${QUEUES_PATH}/`) continue;
      const file = await app.request(resolved.pathname, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      expect([path, file.status]).toEqual([path, 200]);
    }
  });

  it("shows the jobs of the cluster's namespace, read-only", async () => {
    const answer = await ask("/api/queues");
    const { queues: shown } = queuesSchema.parse(await answer.json());
    expect(shown.map(({ readOnlyMode }) => readOnlyMode)).toEqual([true, true, true]);
    const shards = shown.find(({ name }) => name === queues.shards.name);
    expect(shards?.counts.prioritized).toBe(1);
  });

  it("changes nothing", async () => {
    const { name } = queues.shards;
    for (const [method, path] of [
      ["PUT", `/api/queues/${name}/pause`],
      ["PUT", `/api/queues/${name}/empty`],
      ["POST", `/api/queues/${name}/add`],
      ["PUT", "/api/queues/pause"],
    ] as const) {
      const refused = await ask(path, method);
      expect([path, refused.status]).toEqual([path, 403]);
    }
    expect(await queues.shards.isPaused()).toBe(false);
    expect(await queues.shards.count()).toBe(1);
  });

  it("needs the token for every part of it", async () => {
    for (const path of ["", "/", "/api/queues", "/static/images/logo.svg", "/queue/shards"]) {
      expect([path, (await ask(path, "GET", "wrong")).status]).toEqual([path, 401]);
    }
  });
});
