import { openQueues } from "@nightbeam/queue";
import { freePort } from "@nightbeam/testing/servers";
import type { Redis } from "ioredis";
import type { FaultKind, Mend } from "./kind.js";

/** A setting of Redis that makes it refuse, and the one that mends it. */
function refusal(
  name: string,
  {
    cause,
    mend,
  }: { cause: (redis: Redis) => Promise<unknown>; mend: (redis: Redis) => Promise<unknown> },
): FaultKind {
  return {
    name,
    touches: ["redis"],
    begin: async ({ admin }) => {
      await cause(admin);
      return async () => void (await mend(admin));
    },
  };
}

const noMend: Mend = async () => undefined;

/** Ends the connections of all clients but this one. */
const dropClients = (redis: Redis) =>
  redis.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");

/** Faults of Redis and NATS. */
export const SERVER_FAULTS: readonly FaultKind[] = [
  {
    name: "Redis is killed",
    touches: ["redis"],
    begin: async ({ redis }) => {
      await redis.kill();
      return () => redis.restart();
    },
  },
  {
    name: "Redis is frozen",
    touches: ["redis"],
    begin: async ({ redis }) => {
      redis.pause();
      return async () => redis.resume();
    },
  },
  {
    name: "Redis loses everything",
    touches: ["redis"],
    begin: async ({ admin }) => {
      await admin.flushall();
      return noMend;
    },
  },
  {
    name: "Redis drops all connections",
    touches: ["redis"],
    begin: async ({ admin }) => {
      await dropClients(admin);
      return noMend;
    },
  },
  {
    name: "Redis is a read-only replica",
    touches: ["redis"],
    begin: async ({ admin }) => {
      await admin.replicaof("127.0.0.1", await freePort());
      return async () => void (await admin.replicaof("NO", "ONE"));
    },
  },
  refusal("Redis is out of memory", {
    cause: (redis) => redis.config("SET", "maxmemory", "1mb"),
    mend: (redis) => redis.config("SET", "maxmemory", "0"),
  }),
  refusal("Redis has too few replicas to write", {
    cause: (redis) => redis.config("SET", "min-replicas-to-write", "1"),
    mend: (redis) => redis.config("SET", "min-replicas-to-write", "0"),
  }),
  refusal("Redis wants another password", {
    cause: async (redis) => {
      await redis.config("SET", "requirepass", "another");
      await dropClients(redis);
    },
    mend: (redis) => redis.config("SET", "requirepass", ""),
  }),
  {
    name: "Redis is busy with a script",
    touches: ["redis"],
    begin: async ({ admin }) => {
      await admin.config("SET", "busy-reply-threshold", "500");
      const script = admin.duplicate();
      script.on("error", () => undefined);
      script.eval("while true do end", 0).catch(() => undefined);
      return async () => {
        await admin.call("SCRIPT", "KILL");
        script.disconnect();
      };
    },
  },
  {
    name: "the queue of shards is paused by hand",
    touches: ["redis"],
    begin: async ({ admin }) => {
      const queues = openQueues({ redis: admin });
      await queues.shards.pause();
      return async () => {
        await queues.shards.resume();
        await queues.close();
      };
    },
  },
  {
    name: "NATS is killed",
    touches: ["nats"],
    begin: async ({ nats }) => {
      await nats.kill();
      return () => nats.restart();
    },
  },
  {
    name: "NATS is frozen",
    touches: ["nats"],
    begin: async ({ nats }) => {
      nats.pause();
      return async () => nats.resume();
    },
  },
];
