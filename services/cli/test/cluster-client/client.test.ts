import { createServer } from "node:http";
import type { NightStatus, Nodes, RunStatus } from "@nightbeam/api";
import { progressBar } from "@nightbeam/service/terminal";
import { afterEach, describe, expect, it } from "vitest";
import { schedulerClient } from "../../src/cluster-client/client.js";
import { connectionOf } from "../../src/cluster-client/connection.js";
import { shardsDone, summary } from "../../src/cluster-client/describe.js";
import { ClusterError } from "../../src/cluster-client/errors.js";
import { followRun } from "../../src/cluster-client/follow.js";
import { nightTable } from "../../src/cluster-client/night-table.js";
import { requestOf } from "../../src/cluster-client/request-options.js";
import { runTable } from "../../src/cluster-client/run-table.js";

const run: RunStatus = {
  id: "2026-11-21-3f9c2a",
  state: "running",
  out: "/lists",
  priority: "normal",
  submittedAt: "2026-11-21T02:00:00.000Z",
  users: { total: 3_553, done: 2_048, underWay: 100 },
  shards: { total: 14, done: 8, active: 2, waiting: 3, setAside: 1 },
  stats: { targetCalls: 4_096, searches: 2_048 },
  calls: { calls: 4_300, searches: 2_150 },
  setAside: [],
  rejected: 0,
};
const nodes: Nodes = { connected: true, verifiers: [], drafters: [] };

describe("following a run", () => {
  const stream = () => {
    const written: string[] = [];
    return { written, isTTY: false, write: (text: string) => written.push(text) };
  };

  it("reports planning, shows progress and returns how the run ended", async () => {
    const states: RunStatus[] = [
      { ...run, state: "planning", users: { read: 1_000, done: 0, underWay: 0 } },
      run,
      { ...run, state: "partial" },
    ];
    const said: string[] = [];
    const log = stream();
    const ended = await followRun({
      client: { run: async () => states.shift() ?? run, nodes: async () => nodes },
      runId: run.id,
      progress: progressBar(log),
      say: (line) => said.push(line),
      everyMs: 1,
    });
    expect(ended.state).toBe("partial");
    expect(said).toEqual(["planning: 1000 users read"]);
    expect(log.written.at(-1)).toContain("2,048/3,553 users");
    expect(log.written.at(-1)).toContain("shards 8/14, 2 active, 3 waiting, 1 set aside");
    expect(log.written.at(-1)).toContain("2.00 calls/user");
  });

  it("prints once what a running run waits for", async () => {
    const waiting: RunStatus = { ...run, reason: "no verifier is announced" };
    const states = [waiting, waiting, run, waiting, { ...run, state: "complete" } as const];
    const said: string[] = [];
    await followRun({
      client: { run: async () => states.shift() ?? run, nodes: async () => nodes },
      runId: run.id,
      progress: progressBar(stream()),
      say: (line) => said.push(line),
      everyMs: 1,
    });
    expect(said).toEqual(["waiting: no verifier is announced"]);
    expect(summary(waiting)).toMatch(/^state\s+running: no verifier is announced$/m);
  });

  it("continues if the scheduler is away for a while, but not if it never answered", async () => {
    const away = new ClusterError("UNREACHABLE", "away");
    const answers: (RunStatus | Error)[] = [run, away, away, { ...run, state: "complete" }];
    const said: string[] = [];
    const follow = (patienceMs: number) =>
      followRun({
        client: {
          run: async () => {
            const next = answers.shift() ?? away;
            if (next instanceof Error) throw next;
            return next;
          },
          nodes: async () => nodes,
        },
        runId: run.id,
        progress: progressBar(stream()),
        say: (line) => said.push(line),
        everyMs: 1,
        patienceMs,
      });
    expect((await follow(1_000)).state).toBe("complete");
    expect(said).toEqual([
      "The scheduler does not answer; retrying.",
      "The scheduler answers again.",
    ]);
    await expect(follow(1_000)).rejects.toThrow("away");
    answers.push(run);
    await expect(follow(5)).rejects.toThrow("away");
  });
});

describe("a run", () => {
  it("is summed up, with what was set aside and why", () => {
    expect(shardsDone(run)).toBe("8 of 14 shards are done");
    const shards = Array.from({ length: 7 }, (_, index) => {
      return { index, firstRow: index * 256, rowCount: 256, reason: "no verifier" };
    });
    const text = summary({ ...run, state: "partial", setAside: shards });
    expect(text).toMatch(/^run\s+2026-11-21-3f9c2a\nstate\s+partial\n/);
    expect(text).toContain("shard 1 (rows 256–511): no verifier");
    expect(text).toContain("and 2 more: see partial.json");
    expect(text).toContain("incomplete: no manifest yet");
    const done: RunStatus = {
      ...run,
      state: "complete",
      endedAt: "2026-11-21T03:00:00.000Z",
      shards: { total: 14, done: 14, active: 0, waiting: 0, setAside: 0 },
      stats: { nodesPerUser: 31.4, usersPerSecond: 0.98 },
    };
    const proposed: RunStatus = {
      ...done,
      candidates: { users: 300, items: 6_000, unknown: 1 },
      stats: { candidates: 5_999, acceptedItems: 2_402, acceptingLists: 299, ownLastScore: -5.56 },
    };
    expect(summary(proposed)).toMatch(
      /candidates +6,000 items for 300 users; 1 of them are ignored: the catalogue that is searched lacks them\n/,
    );
    expect(summary(proposed)).toMatch(/accepted +2,402 in 299 of [\d,]+ lists, of 5,999 proposed/);
    expect(summary(proposed)).toMatch(/own lists +reach -5.56 nats with their last item/);
    expect(summary(done)).not.toMatch(/candidates|accepted/);
    expect(summary(done)).toContain("1:00:00 since it was submitted, 1.0 users/s");
    expect(summary(done)).toContain("/lists/manifest.json names 14 part files");
  });

  it("is a line of a table", () => {
    const [head, line] = runTable([run], Date.parse("2026-11-21T02:01:05.000Z")).split("\n");
    expect(head).toMatch(
      /^run\s+state\s+users\s+shards done\s+without list\s+started\s+took\s+night$/,
    );
    expect(line).toMatch(
      /^2026-11-21-3f9c2a\s+running\s+3,553\s+8\/14\s+-\s+2026-11-2\d \S+\s+1:05\s+-$/,
    );
    const nightly: RunStatus = { ...run, night: "beauty", rejected: 1_200 };
    const text = runTable([nightly], Date.parse("2026-11-21T02:01:05.000Z"));
    expect(text).toMatch(/8\/14\s+1,200\s+2026\S+ \S+\s+1:05\s+beauty$/);
  });
});

describe("a night", () => {
  const night: NightStatus = {
    name: "beauty",
    cron: "0 2 * * *",
    timeZone: "UTC",
    missed: "run",
    request: { out: "/o/{date}" },
    putAt: run.submittedAt,
  };

  it("is a line of a table, with its last run", () => {
    const lastRun = { id: run.id, state: "partial" } as const;
    const lastDate = "2026-11-21";
    const text = nightTable([night, { ...night, lastDate }, { ...night, lastDate, lastRun }]);
    const [head, never, skipped, last] = text.split("\n");
    expect(head).toMatch(/last\s+last run\s+state$/);
    expect(never).toMatch(/no more dates\s+never\s+-\s+-$/);
    expect(skipped).toMatch(/2026-11-21\s+skipped\s+-$/);
    expect(last).toMatch(/2026-11-21\s+2026-11-21-3f9c2a\s+partial$/);
  });
});

describe("flags", () => {
  it("become a request with whole paths", () => {
    const request = requestOf({
      target: "models/t",
      draft: ["d", "transitions", "rollout:beauty", "previous:last", "candidates:/c.jsonl"],
      catalogue: "rollout:beauty",
      histories: "/data/h.jsonl",
      out: "s3://bucket/nights",
      draftWidth: "60,40",
      topK: "5",
      excludeSeen: true,
      candidates: "proposed/*.parquet",
      acceptAbove: "-9",
    });
    expect(request).toEqual({
      target: `${process.cwd()}/models/t`,
      draft: [
        `${process.cwd()}/d`,
        "transitions",
        "rollout:beauty",
        `previous:${process.cwd()}/last`,
        "candidates:/c.jsonl",
      ],
      catalogue: "rollout:beauty",
      histories: "/data/h.jsonl",
      out: "s3://bucket/nights",
      draftWidth: [60, 40],
      topK: 5,
      excludeSeen: true,
      candidates: `${process.cwd()}/proposed/*.parquet`,
      acceptAbove: -9,
    });
    expect(() => requestOf({ target: "t" })).toThrow(
      "--catalogue, --histories and --out are required",
    );
  });

  it("name scheduler and token, which must be there", async () => {
    const scheduler = "http://127.0.0.1:7080/";
    await expect(connectionOf({ scheduler })).rejects.toThrow(/set NIGHTBEAM_TOKEN/);
    await expect(connectionOf({ scheduler: "host", token: "t" })).rejects.toThrow("--scheduler");
    const { connection, rest } = await connectionOf({ scheduler, token: "t", topK: "3" });
    expect(connection).toEqual({ url: "http://127.0.0.1:7080", token: "t" });
    expect(rest).toEqual({ topK: "3" });
  });
});

describe("the client", () => {
  const closing: (() => void)[] = [];
  afterEach(() => {
    for (const close of closing.splice(0)) close();
  });
  const answering = (status: number, text: string): Promise<string> =>
    new Promise((resolve) => {
      const server = createServer((_, answer) => answer.writeHead(status).end(text));
      closing.push(() => server.close());
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        const port = typeof address === "object" ? address?.port : undefined;
        resolve(`http://127.0.0.1:${port}`);
      });
    });
  const ask = (url: string) => schedulerClient({ url, token: "t" }).run("r");

  it("reports that no scheduler answers", async () => {
    const refusal = await ask("http://127.0.0.1:9").catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "UNREACHABLE" });
    expect(String(refusal)).toMatch(
      /no scheduler answers at http:\/\/127\.0\.0\.1:9: .*--scheduler/,
    );
  });

  it("clears the alarms, which has no answer", async () => {
    const url = await answering(204, "");
    expect(await schedulerClient({ url, token: "t" }).clearAlarms()).toBeUndefined();
  });

  it.each([
    [200, "<html>", "NOT_A_SCHEDULER"],
    [200, "{}", "NOT_A_SCHEDULER"],
    [502, "bad gateway", "NOT_A_SCHEDULER"],
    [401, '{"code":"UNAUTHORIZED","message":"The token is wrong."}', "WRONG_TOKEN"],
    [404, '{"code":"UNKNOWN_RUN","message":"There is no run r."}', "REFUSED"],
  ])("turns an answer of %i with %j into %s", async (status, text, code) => {
    await expect(ask(await answering(status, text))).rejects.toMatchObject({ code });
  });
});
