import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  postgresIsHere,
  redisIsHere,
  startMoto,
  startPostgres,
  startRedis,
  startRedisCluster,
} from "@nightbeam/testing/servers";
import { vi } from "vitest";

export interface Destination {
  /** For `openDestination`. */
  readonly to: string;
  stop(): Promise<void>;
}

/** All kinds of destinations, each by the real thing. Those that cannot run here start as undefined. */
export const DESTINATIONS: readonly (readonly [
  kind: string,
  start: () => Promise<Destination | undefined>,
])[] = [
  ["a directory", directory],
  ["S3", bucket],
  ["Redis", async () => (redisIsHere() ? redis() : undefined)],
  ["a Redis Cluster", async () => (redisIsHere() ? redisCluster() : undefined)],
  ["PostgreSQL", async () => (postgresIsHere() ? postgres() : undefined)],
];

async function directory(): Promise<Destination> {
  const path = mkdtempSync(join(tmpdir(), "nightbeam-published-"));
  return { to: path, stop: async () => rmSync(path, { recursive: true, force: true }) };
}

async function bucket(): Promise<Destination | undefined> {
  const server = await startMoto("lists");
  if (server === undefined) return undefined;
  for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
  return { to: "s3://lists/of the night", stop: server.stop };
}

async function redis(): Promise<Destination> {
  const server = await startRedis();
  return { to: server.url, stop: server.stop };
}

async function redisCluster(): Promise<Destination> {
  const { nodes, stop } = await startRedisCluster();
  return { to: nodes[0]?.url ?? "", stop };
}

async function postgres(): Promise<Destination> {
  const server = await startPostgres();
  return { to: server.url, stop: server.stop };
}
