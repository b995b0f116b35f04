import type { Nodes, ShardMap } from "@nightbeam/api";
import { silentLog } from "@nightbeam/service/log";
import { someRun } from "@nightbeam/testing";
import { Hono } from "hono";
import { expect, it } from "vitest";
import { eventStream } from "../../src/page/event-stream.js";
import { liveFeed } from "../../src/page/live-feed.js";

function world() {
  const runs = new Map([["r-1", someRun({ id: "r-1" })]]);
  const reads: string[] = [];
  const map: ShardMap = { total: 2, partSize: 5, states: "c1w1", active: [] };
  const state = {
    runs,
    reads,
    nodes: { connected: true, verifiers: [], drafters: [] } as Nodes,
    mayRead: true,
  };
  const feed = liveFeed({
    runs: {
      ids: async () => [...runs.keys()],
      get: async (id) => {
        reads.push(id);
        return runs.get(id);
      },
    },
    alarms: { list: async () => [] },
    nodes: () => state.nodes,
    nights: { list: async () => ({ nights: [], unreadable: [] }) },
    shardMap: async (id) => (id === "r-1" ? map : undefined),
    log: silentLog,
  });
  const app = new Hono();
  app.get("/events", (context) => {
    const runId = context.req.query("run");
    return eventStream(context, { feed, runId, page: "v1", mayRead: async () => state.mayRead });
  });
  return { feed, state, app };
}

/** Reads events until one of this name comes. */
async function reader(response: Response) {
  const stream = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const events: [name: string, data: unknown][] = [];
  const next = async (name: string): Promise<unknown> => {
    for (;;) {
      const at = events.findIndex(([one]) => one === name);
      if (at >= 0) return events.splice(at, 1)[0]?.[1];
      const chunk = await stream?.read();
      if (chunk === undefined || chunk.done) throw new Error(`the stream ended before ${name}`);
      text += chunk.value;
      const parts = text.split("\n\n");
      text = parts.pop() ?? "";
      for (const part of parts) {
        const [, event = "", data = ""] = /^event: (\w+)\ndata: (.*)$/.exec(part) ?? [];
        events.push([event, JSON.parse(data)]);
      }
    }
  };
  return { next, cancel: () => stream?.cancel() };
}

it("sends everything at first, then what has changed and what is gone", async () => {
  const { feed, state, app } = world();
  const events = await reader(await app.request("/events?run=r-1"));
  expect(await events.next("hello")).toMatchObject({ page: "v1" });
  expect(await events.next("runs")).toEqual({ changed: [someRun({ id: "r-1" })], gone: [] });
  expect(await events.next("shards")).toMatchObject({ states: "c1w1" });
  expect(await events.next("nodes")).toEqual(state.nodes);
  state.runs.set("r-2", someRun({ id: "r-2" }));
  expect(await events.next("runs")).toEqual({ changed: [someRun({ id: "r-2" })], gone: [] });
  state.runs.delete("r-1");
  expect(await events.next("runs")).toEqual({ changed: [], gone: ["r-1"] });
  state.nodes = { ...state.nodes, connected: false };
  expect(await events.next("nodes")).toEqual(state.nodes);
  await events.cancel();
  feed.close();
});

it("reads ended runs rarely, unless one was changed, and nothing without a follower", async () => {
  const { feed, state, app } = world();
  state.runs.set("r-1", someRun({ id: "r-1", ...{ state: "complete" } }));
  const events = await reader(await app.request("/events"));
  await events.next("runs");
  state.runs.set("r-2", someRun({ id: "r-2" }));
  await events.next("runs");
  expect(state.reads.filter((id) => id === "r-1")).toHaveLength(1);
  state.runs.set("r-1", someRun({ id: "r-1" }));
  feed.refresh();
  expect(await events.next("runs")).toEqual({ changed: [someRun({ id: "r-1" })], gone: [] });
  await events.cancel();
  feed.close();
});

it("ends when the scheduler stops, and when the login has ended", async () => {
  const { feed, state, app } = world();
  const stopped = await reader(await app.request("/events"));
  await stopped.next("runs");
  const out = await reader(await app.request("/events"));
  state.mayRead = false;
  await expect(out.next("ping")).rejects.toThrow("the stream ended before ping");
  feed.close();
  await expect(stopped.next("ping")).rejects.toThrow("the stream ended before ping");
});
