import type { RunStatus } from "@nightbeam/api";
import { type Submission, submitSchema } from "@nightbeam/api";
import { silentLog } from "@nightbeam/service/log";
import { noTracing } from "@nightbeam/telemetry";
import { fuzzRuns, mutated } from "@nightbeam/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openSessions } from "../src/access/sessions.js";
import { openTokens } from "../src/access/tokens.js";
import { SchedulerError } from "../src/errors.js";
import { httpApp } from "../src/http/app.js";
import type { Page } from "../src/page/page-routes.js";

const TOKEN = "a-token-for-tests";
const tokens = await openTokens({ token: TOKEN, log: silentLog });
const page: Page = { version: "v1", html: '"a page"', files: new Map() };
const MAP = { total: 3, partSize: 5, states: "c2w1", active: [] };
const body = { target: "/t", catalogue: "/c", histories: "/h", out: "/o" };

const status: RunStatus = {
  id: "r-1",
  state: "running",
  out: "/o",
  priority: "normal",
  submittedAt: "2026-11-21T02:00:00.000Z",
  users: { total: 10, done: 5, underWay: 0 },
  stats: {},
  calls: { calls: 0, searches: 0 },
  setAside: [],
  rejected: 0,
};

const answer = (state: RunStatus["state"]) => async (id: string) =>
  id === "r-1" ? { ...status, state } : undefined;

function app(start?: (submission: Submission) => Promise<never>) {
  const submitted: Submission[] = [];
  const cleared: true[] = [];
  const drained: string[] = [];
  const refreshed: true[] = [];
  const http = httpApp({
    access: { tokens, sessions: openSessions({ tokens }) },
    namespace: "nightbeam",
    page,
    tracing: noTracing,
    log: silentLog,
    services: {
      runs: {
        submit: async (submission) => {
          submitted.push(submission);
          await start?.(submission);
          return { outcome: "created", run: status };
        },
        list: async () => [status],
        get: async (id) => (id === "r-1" ? status : undefined),
      },
      estimate: async (submission) => ({
        ...{ rows: 10, partSize: submission.partSize, shards: 1, callsPerUser: 4, calls: 40 },
        ...{ basis: { kind: "nothing" }, notes: [] },
      }),
      controls: {
        cancel: answer("cancelled"),
        pause: answer("paused"),
        resume: answer("running"),
        retry: answer("running"),
        redo: async () => undefined,
        prioritize: async (id, priority) => (id === "r-1" ? { ...status, priority } : undefined),
      },
      prune: async () => ({ runs: [], dates: 0, dryRun: true, lists: false }),
      readiness: async () => [],
      nights: {
        put: async (name, night) => ({ name, ...night, putAt: status.submittedAt }),
        list: async () => ({ nights: [], unreadable: [] }),
        remove: async () => false,
      },
      rollouts: {
        set: async (name, rollout) => {
          return { name, ...rollout, setAt: status.submittedAt, announced: false };
        },
        list: async () => ({ rollouts: [], unreadable: [] }),
      },
      alarms: { list: async () => [], clear: async () => void cleared.push(true) },
      nodes: () => ({ connected: false, verifiers: [], drafters: [] }),
      drain: async (id) => void drained.push(id),
      inspection: {
        shardMap: async (id) => (id === "r-1" ? MAP : undefined),
        shard: async () => undefined,
        series: async () => undefined,
        rejects: async () => undefined,
        user: async () => undefined,
      },
      feed: {
        follow: () => () => {},
        refresh: () => void refreshed.push(true),
        closing: new AbortController().signal,
        close: () => {},
      },
    },
  });
  const ask = async (
    method: string,
    path: string,
    sent: { body?: unknown; text?: string; token?: string } = {},
  ) => {
    const text = sent.text ?? (sent.body === undefined ? undefined : JSON.stringify(sent.body));
    const answer = await http.request(path, {
      method,
      headers: { authorization: sent.token ?? `Bearer ${TOKEN}` },
      ...(text === undefined ? {} : { body: text }),
    });
    const read = await answer.text();
    return { status: answer.status, body: read === "" ? undefined : JSON.parse(read), answer };
  };
  return { ask, http, submitted, cleared, drained, refreshed };
}

describe("the token", () => {
  it.each(["", "Bearer ", "Bearer wrong", `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}x`])(
    "is required: %j is refused",
    async (token) => {
      const { ask } = app();
      for (const path of ["/v1/runs", "/v1/nodes", "/v1/nothing"]) {
        const refused = await ask("GET", path, { token });
        expect(refused.status).toBe(401);
        expect(refused.body.code).toBe("UNAUTHORIZED");
        expect(refused.answer.headers.get("www-authenticate")).toBe("Bearer");
      }
    },
  );

  it("is not required for the health check", async () => {
    const { ask } = app();
    expect(await ask("GET", "/healthz", { token: "" })).toMatchObject({ status: 200 });
  });
});

describe("bodies", () => {
  it.each([
    [{ text: "{" }, 400, /The body is not JSON/],
    [{ text: "" }, 400, /The body is not JSON/],
    [{ body: [] }, 400, /The body/],
    [{ body: { ...body, topK: "ten" } }, 400, /^`topK`: /],
    [{ body: { ...body, target: undefined } }, 400, /^`target`: /],
    [{ body: { ...body, draft: ["/d", 7] } }, 400, /^`draft\[1\]`: /],
    [{ body: { ...body, colour: "red" } }, 400, /colour/],
    [{ body: { ...body, seed: 7 } }, 400, /^`seed` needs `verification` sampled or relaxed: /],
    [{ body: { ...body, out: `/${"x".repeat(300_000)}` } }, 413, /262144 bytes/],
  ])("are refused if they are invalid (%#)", async (sent, code, message) => {
    const { ask, submitted } = app();
    const refused = await ask("POST", "/v1/runs", sent);
    expect(refused.status).toBe(code);
    expect(refused.body.message).toMatch(message);
    expect(submitted).toEqual([]);
  });

  it("of a run get defaults", async () => {
    const { ask, submitted } = app();
    const created = await ask("POST", "/v1/runs", { body });
    expect(created).toMatchObject({ status: 201, body: { outcome: "created" } });
    expect(submitted).toEqual([submitSchema.parse(body)]);
  });

  it("of nights and rollouts are checked as well, and their names", async () => {
    const { ask } = app();
    const night = { cron: "0 2 * * *", request: { ...body, out: "/o/{date}" } };
    const relaxed = { ...night.request, verification: "relaxed", draft: ["/d"] };
    expect(await ask("PUT", "/v1/nights/auto", { body: { ...night, request: relaxed } })).toEqual(
      expect.objectContaining({
        status: 400,
        body: expect.objectContaining({
          message: expect.stringMatching(/^`verification` relaxed needs a `draftWidth` in numbers/),
        }),
      }),
    );
    expect(await ask("PUT", "/v1/nights/beauty", { body: night })).toMatchObject({
      status: 200,
      body: { missed: "run", timeZone: "UTC" },
    });
    expect(await ask("PUT", "/v1/nights/a%2Fb", { body: night })).toMatchObject({ status: 400 });
    expect(await ask("PUT", "/v1/nights/b", { body: { ...night, missed: "x" } })).toMatchObject({
      status: 400,
    });
    expect(await ask("PUT", "/v1/rollouts/r", { body: { target: "/t" } })).toMatchObject({
      status: 400,
      body: { code: "BAD_REQUEST" },
    });
    expect(await ask("DELETE", "/v1/nights/none")).toMatchObject({
      status: 404,
      body: { code: "UNKNOWN_NIGHT" },
    });
  });
});

describe("alarms", () => {
  it("are cleared", async () => {
    const { ask, cleared } = app();
    expect(await ask("DELETE", "/v1/alarms")).toMatchObject({ status: 204, body: undefined });
    expect(cleared).toHaveLength(1);
  });
});

describe("errors", () => {
  it("have a code and a message", async () => {
    const { ask } = app();
    expect(await ask("GET", "/v1/runs/r-2")).toMatchObject({
      status: 404,
      body: { code: "UNKNOWN_RUN", message: expect.stringContaining('"r-2"') },
    });
    expect(await ask("POST", "/v1/runs/r-2/cancel")).toMatchObject({ status: 404 });
    expect(await ask("GET", "/v1/nothing")).toMatchObject({ status: 404 });
  });

  it("of unexpected errors show no details", async () => {
    const secret = app(async () => {
      throw new Error("redis://:s3cr3t@host");
    });
    const failed = await secret.ask("POST", "/v1/runs", { body });
    expect(failed).toMatchObject({ status: 500, body: { code: "INTERNAL" } });
    expect(JSON.stringify(failed.body)).not.toContain("s3cr3t");
    const taken = app(async () => {
      throw new SchedulerError("OUT_TAKEN", "taken");
    });
    expect(await taken.ask("POST", "/v1/runs", { body })).toMatchObject({ status: 409 });
  });
});

describe("whatever a client sends", () => {
  const night = { cron: "0 2 * * *", timeZone: "UTC", missed: "run", request: body };
  const rollout = { target: "/t", draft: ["/d", "previous:/p"], catalogue: "/c" };

  it.each<[string, string, object]>([
    ["POST", "/v1/runs", { ...body, topK: 10, draft: "/d", histories: ["/h", "/i"] }],
    ["PUT", "/v1/nights/nightly", night],
    ["PUT", "/v1/rollouts/now", rollout],
  ])(
    "%s %s answers a changed body in JSON",
    async (method, path, valid) => {
      const { ask } = app();
      await fc.assert(
        fc.asyncProperty(mutated(Buffer.from(JSON.stringify(valid))), async (bytes) => {
          const answer = await ask(method, path, { text: bytes.toString("latin1") });
          expect(answer.status).toBeLessThan(500);
          if (answer.status < 400) return;
          expect(answer.body.code).toMatch(/^[A-Z_]+$/);
          expect(answer.body.message.length).toBeLessThan(3_000);
        }),
        { numRuns: fuzzRuns(40) },
      );
      expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain("polluted");
    },
    600_000,
  );

  it("answers any path, method and headers", async () => {
    const { ask } = app();
    const piece = fc.oneof(
      fc.constantFrom(
        "..",
        "%2e%2e",
        "%2f",
        "r-1",
        "__proto__",
        "%00",
        "%ff",
        "",
        "cancel",
        "x".repeat(3_000),
      ),
      fc.string().map(encodeURIComponent),
    );
    const path = fc
      .tuple(
        fc.constantFrom("/v1/runs/", "/v1/nights/", "/v1/rollouts/", "/v1/", "/"),
        fc.array(piece, { maxLength: 3 }),
      )
      .map(([start, pieces]) => start + pieces.join("/"));
    const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS");
    await fc.assert(
      fc.asyncProperty(path, method, async (asked, how) => {
        const { status } = await ask(how, asked);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: fuzzRuns(150) },
    );
  }, 600_000);
});
