import { once } from "node:events";
import { request } from "node:http";
import { ClientError, openClient } from "@nightbeam/client";
import type { RunningServer } from "@nightbeam/server";
import { listen } from "@nightbeam/service/http";
import { silentLog } from "@nightbeam/service/log";
import { noTracing } from "@nightbeam/telemetry";
import { useWorld } from "@nightbeam/testing/world";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { httpApp } from "../src/http/app.js";
import type { Recommendations } from "../src/recommending/recommendations.js";
import { type HistoryLine, listsOfRun, post, readUsers, startTestServer, stop } from "./support.js";

const world = useWorld({ users: 20 });
let users: HistoryLine[] = [];
let server: RunningServer | undefined;
const running = () => server ?? { url: "" };

/** What the test looks at of the OpenAPI document. */
const documentSchema = z.object({
  openapi: z.literal("3.1.0"),
  paths: z.record(
    z.string(),
    z.object({ post: z.object({ responses: z.record(z.string(), z.unknown()) }).optional() }),
  ),
  components: z.object({
    schemas: z.object({
      RecommendRequest: z.object({ properties: z.record(z.string(), z.unknown()) }),
    }),
  }),
});
async function start(flags: Record<string, unknown> = {}): Promise<void> {
  server = await startTestServer(world(), { batchSize: "4", ...flags });
}
beforeEach(async () => {
  users = await readUsers(world());
});
afterEach(async () => {
  await stop(server);
  server = undefined;
});

describe("a request that is refused", () => {
  it("gets what is wrong, where, and the remedy", async () => {
    await start({ histories: world().histories, token: "a secret of the test" });
    const headers = { authorization: "Bearer a secret of the test" };
    const [{ history } = { history: [] }] = users;
    const cases: [body: string | object, status: number, code: string, words: string][] = [
      ["{", 400, "BAD_REQUEST", "not JSON"],
      ["[]", 400, "BAD_REQUEST", "The body"],
      [{}, 400, "BAD_REQUEST", "give a user, a history, or both"],
      [{ history: [""] }, 400, "BAD_REQUEST", "`history[0]`"],
      [{ histroy: history }, 400, "BAD_REQUEST", "Keys are user, history"],
      [{ history, topK: 21 }, 400, "BAD_REQUEST", "--beam-width"],
      [{ user: "nobody" }, 404, "UNKNOWN_USER", "Send the history"],
      [{ history: [] }, 422, "REJECTED", "no items"],
      [{ history: ["nothing"] }, 422, "REJECTED", "not in the catalogue"],
      [{ history, allow: ["nothing"] }, 422, "REJECTED", "`allow` and `exclude` leave no item"],
      [{ history: new Array(450_000).fill("a name of an item") }, 413, "TOO_LARGE", "bytes"],
    ];
    for (const [body, status, code, words] of cases) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const answer = await post(running(), text, headers);
      expect(answer, words).toMatchObject({ status, body: { code } });
      expect(answer.body.message).toContain(words);
    }
    expect(await post(running(), { history })).toMatchObject({
      status: 401,
      body: { code: "UNAUTHORIZED" },
    });
    expect((await post(running(), { history }, headers)).status).toBe(200);
  });
});

describe("too many requests", () => {
  it("are refused with a time to retry after, and all are answered by a client that retries", async () => {
    await start({ maxWaitMs: "1" });
    const [{ history } = { history: [] }] = users;
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => post(running(), { history })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    for (const { body, headers } of refused) {
      expect(body).toMatchObject({ code: "BUSY", retryAfterMs: expect.any(Number) });
      expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    }
    expect(refused.length + answers.filter(({ status }) => status === 200).length).toBe(60);
    const client = openClient({ url: running().url, deadlineMs: 60_000, maxRetries: 1_000 });
    const lists = await Promise.all(
      Array.from({ length: 60 }, () => client.recommend({ history })),
    );
    expect(new Set(lists.map(({ items }) => JSON.stringify(items))).size).toBe(1);
  });
});

describe("the last night's list", () => {
  it("is the answer if there is no time, marked as such, without what is excluded now", async () => {
    const out = world().path("night");
    // Without its answers, nothing is known to be unchanged.
    const night = await listsOfRun(world(), { out, answers: "drop" });
    await start({ histories: world().histories, lists: out, maxWaitMs: "1" });
    const [{ user } = { user: "" }] = users;
    const list = night.get(user) ?? [];
    const exclude = list.slice(0, 2).map(({ item }) => item);
    const ask = (more: object) => post(running(), JSON.stringify({ user, ...more }));
    const late = await ask({ deadlineMs: 1, exclude });
    expect(late).toMatchObject({ status: 200, body: { source: "late", items: list.slice(2) } });
    expect(await ask({ deadlineMs: 1, stale: "never" })).toMatchObject({
      status: 504,
      body: { code: "DEADLINE" },
    });
    expect((await ask({ deadlineMs: 9_000 })).body).toMatchObject({
      source: "computed",
      items: list,
    });
    const many = await Promise.all(Array.from({ length: 40 }, () => ask({})));
    expect(many.every(({ status }) => status === 200)).toBe(true);
    expect(new Set(many.map(({ body }) => body.source))).toEqual(new Set(["computed", "busy"]));
    for (const { body } of many) expect(body.items).toEqual(list);
  });
});

describe("the server", () => {
  it("says how it is, and what it takes", async () => {
    await start();
    const get = async (path: string) => {
      const response = await fetch(`${running().url}${path}`);
      return { status: response.status, body: await response.json() };
    };
    expect(await get("/healthz")).toMatchObject({ status: 200 });
    expect(await get("/readyz")).toMatchObject({ status: 200, body: { status: "ready" } });
    const { components, paths } = documentSchema.parse((await get("/openapi.json")).body);
    expect(Object.keys(components.schemas.RecommendRequest.properties)).toEqual(
      "user history texts groups topK allow exclude deadlineMs stale".split(" "),
    );
    expect(Object.keys(paths["/v1/recommendations"]?.post?.responses ?? {})).toEqual(
      "200 400 401 404 413 422 429 499 500 503 504".split(" "),
    );
    expect(await get("/nowhere")).toMatchObject({ status: 404, body: { code: "NOT_FOUND" } });
  });

  it("is gone once it has stopped, which a client says", async () => {
    await start();
    const { history } = users[1] ?? { history: [] };
    expect((await post(running(), { history })).status).toBe(200);
    server?.drain("test");
    await server?.finished;
    const client = openClient({ url: running().url, deadlineMs: 200 });
    await expect(client.recommend({ history })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await expect(client.recommend({ history })).rejects.toBeInstanceOf(ClientError);
  });

  it("aborts the request of a client that has gone", async () => {
    let given: (signal: AbortSignal) => void = () => undefined;
    const begun = new Promise<AbortSignal>((resolve) => {
      given = resolve;
    });
    const recommendations: Pick<Recommendations, "recommend"> = {
      recommend: async (_, { signal }) => {
        given(signal);
        await once(signal, "abort");
        throw signal.reason;
      },
    };
    const access = { checkToken: () => undefined, isSecured: false };
    const parts = { recommendations, notReady: () => [], version: "1", ...access };
    const app = httpApp({ ...parts, tracing: noTracing, log: silentLog });
    const listening = await listen({ service: "server", app, host: "127.0.0.1", port: 0 });
    const sent = request(`${listening.url}/v1/recommendations`, { method: "POST" });
    sent.on("error", () => undefined);
    sent.end(JSON.stringify({ history: ["item"] }));
    const signal = await begun;
    expect(signal.aborted).toBe(false);
    sent.destroy();
    await once(signal, "abort");
    await listening.close(0);
  });
});
