import type { Alarm, NightList, Nodes, RunStatus, ShardMap } from "@nightbeam/api";
import { type Log, reasonOf } from "@nightbeam/service/log";
import { type Poller, poller } from "./poller.js";
import { type RunSource, recentRuns } from "./recent-runs.js";

export interface FeedOptions {
  readonly runs: RunSource;
  readonly alarms: { list(): Promise<readonly Alarm[]> };
  readonly nodes: () => Nodes;
  readonly nights: { list(): Promise<NightList> };
  /** Undefined for an unknown run. */
  readonly shardMap: (runId: string) => Promise<ShardMap | undefined>;
  readonly log: Pick<Log, "debug">;
}

/** What a follower is sent: a topic and its value. */
export type FeedEvent =
  | { readonly topic: "runs"; readonly value: readonly RunStatus[] }
  | { readonly topic: "nodes"; readonly value: Nodes }
  | { readonly topic: "alarms"; readonly value: readonly Alarm[] }
  | { readonly topic: "nights"; readonly value: NightList }
  | { readonly topic: "shards"; readonly value: ShardMap };

/** What the page shows, read once for all browsers, and only while one is open. */
export interface LiveFeed {
  /** @param runId also sends the shards of this run @returns ends it */
  follow(runId: string | undefined, listener: (event: FeedEvent) => void): () => void;
  /** Has ended runs be read again. */
  refresh(): void;
  /** Aborted when the scheduler stops. */
  readonly closing: AbortSignal;
  close(): void;
}

/** Nodes are in memory: a drafter that dies is to be seen soon. */
const NODES_MS = 400;
const RUNS_MS = 1_000;
const NIGHTS_MS = 3_000;

export function liveFeed(options: FeedOptions): LiveFeed {
  const { alarms, nodes, nights, shardMap, log } = options;
  const runs = recentRuns(options.runs);
  const closing = new AbortController();
  const onError = (error: unknown) => {
    log.debug({ reason: reasonOf(error) }, "cannot read what the page shows");
  };
  const polled = <Value>(read: () => Promise<Value> | Value, everyMs: number) =>
    poller({ read, everyMs, onError });
  const topics = {
    runs: polled(() => runs.read(), RUNS_MS),
    alarms: polled(() => alarms.list(), RUNS_MS),
    nodes: polled(nodes, NODES_MS),
    nights: polled(() => nights.list(), NIGHTS_MS),
  };
  const maps = new Map<string, { readonly poller: Poller<ShardMap | undefined>; users: number }>();
  const followMap = (runId: string, listener: (event: FeedEvent) => void) => {
    const map = maps.get(runId) ?? { poller: polled(() => shardMap(runId), RUNS_MS), users: 0 };
    maps.set(runId, map);
    map.users++;
    const end = map.poller.follow((value) => {
      if (value !== undefined) listener({ topic: "shards", value });
    });
    return () => {
      end();
      map.users--;
      if (map.users === 0) maps.delete(runId);
    };
  };
  return {
    closing: closing.signal,
    refresh: () => runs.refresh(),
    follow: (runId, listener) => {
      const ends = [
        topics.runs.follow((value) => listener({ topic: "runs", value })),
        topics.alarms.follow((value) => listener({ topic: "alarms", value })),
        topics.nodes.follow((value) => listener({ topic: "nodes", value })),
        topics.nights.follow((value) => listener({ topic: "nights", value })),
        ...(runId === undefined ? [] : [followMap(runId, listener)]),
      ];
      return () => {
        for (const end of ends) end();
      };
    },
    close: () => {
      closing.abort();
      for (const topic of Object.values(topics)) topic.close();
      for (const { poller } of maps.values()) poller.close();
    },
  };
}
