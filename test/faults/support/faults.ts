import { createServer, type Socket } from "node:net";
import { Redis } from "ioredis";
import { type Fault, pause } from "./strike.js";

/** Lock duration of a test cluster. */
export const LOCK_MS = 2_000;

export const verifierKilled: Fault = async ({ cluster }) => {
  const [verifier] = cluster.verifiers;
  await verifier?.signal("SIGKILL");
  await pause(1_000);
  await verifier?.start();
};

export const schedulerKilled: Fault = async ({ cluster }) => {
  await cluster.scheduler.signal("SIGKILL");
  await pause(1_000);
  await cluster.scheduler.start();
};

/**
 * Frozen beyond its lock: its shards go to the other one, and it resumes as if it still had them.
 */
export const drafterFrozen: Fault = async ({ cluster }) => {
  const [drafter] = cluster.drafters;
  await drafter?.signal("SIGSTOP");
  await pause(LOCK_MS + 3_000);
  await drafter?.signal("SIGCONT");
};

export const redisPaused: Fault = async ({ cluster }) => {
  cluster.redis.pause();
  await pause(LOCK_MS + 2_000);
  cluster.redis.resume();
};

export const redisKilled: Fault = async ({ cluster }) => {
  await cluster.redis.kill();
  await pause(500);
  await cluster.redis.restart();
};

/** Deletes every job; commits are not in Redis. */
export const redisEmptied: Fault = async ({ cluster }) => {
  const redis = new Redis(cluster.redis.url);
  await redis.flushall();
  redis.disconnect();
};

export const natsKilled: Fault = async ({ cluster }) => {
  await cluster.nats.kill();
};

/** Frozen: answers no ping and no call, and closes no connection. */
export const verifierFrozen: Fault = async ({ cluster }) => {
  const [verifier] = cluster.verifiers;
  await verifier?.signal("SIGSTOP");
  await pause(8_000);
  await verifier?.signal("SIGCONT");
};

/** A server that accepts connections and never answers. */
export async function silentServer(): Promise<{ address: string; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    address: `127.0.0.1:${port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
