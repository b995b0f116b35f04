import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { freePort } from "./free-port.js";
import { type RedisServer, startRedis } from "./redis-server.js";

const SLOTS = 16_384;

/** Starts a Redis Cluster of two nodes, each with half of the slots. */
export async function startRedisCluster(): Promise<{
  readonly nodes: readonly RedisServer[];
  stop(): Promise<void>;
}> {
  const busPorts = await Promise.all([freePort(), freePort()]);
  const nodes = await Promise.all(busPorts.map((busPort) => startRedis({ busPort })));
  const clients = nodes.map(({ url }) => new Redis(url));
  const [first, second] = nodes;
  await Promise.all(
    clients.map((client, place) => {
      const range = [(place * SLOTS) / 2, ((place + 1) * SLOTS) / 2 - 1];
      return client.call("CLUSTER", "ADDSLOTSRANGE", ...range.map(String));
    }),
  );
  const other = [String(second?.port ?? first?.port), String(busPorts[1])];
  await clients[0]?.call("CLUSTER", "MEET", "127.0.0.1", ...other);
  const isReady = async (client: Redis) =>
    String(await client.call("CLUSTER", "INFO")).includes("cluster_state:ok") &&
    String(await client.call("CLUSTER", "INFO")).includes("cluster_known_nodes:2");
  for (const client of clients) {
    while (!(await isReady(client))) await sleep(50);
    client.disconnect();
  }
  return {
    nodes,
    stop: async () => {
      for (const node of nodes) await node.stop();
    },
  };
}
