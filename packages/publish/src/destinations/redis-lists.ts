import { openRedis, QueueError } from "@nightbeam/queue";
import { formatHostPort, type TlsBytes, tlsClientOptions } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";
import { Cluster, type Redis } from "ioredis";
import { decodeList } from "../encoding.js";
import { PublishError } from "../errors.js";
import type { ListStore } from "../list-store.js";
import { bucketOf, pointerSchema, type Version, versionRecordSchema } from "../version.js";
import { parseJson } from "./file-lists.js";

export interface RedisListsOptions {
  /** redis://[user:password@]host[:port][/database], or rediss:// for TLS. */
  readonly url: string;
  /** Its keys begin with "nightbeam:NAME:". */
  readonly name: string;
  readonly tls?: TlsBytes | undefined;
}

/**
 * Lists in Redis, or in a Redis Cluster of which the URL names any node. Per bucket of a version there is a hash from
 * user to list; the hashes have different slots, so that they are spread over the nodes of a cluster.
 *
 * @throws PublishError UNREACHABLE, REFUSED
 */
export async function openRedisLists(options: RedisListsOptions): Promise<ListStore> {
  const { url, name } = options;
  const { hostname, port } = new URL(url);
  const address = { host: hostname || "127.0.0.1", port: Number(port || 6379) };
  const place = `redis://${formatHostPort(address)} (${name})`;
  const on = async <Value>(work: (redis: Redis | Cluster) => Promise<Value>): Promise<Value> => {
    try {
      return await work(redis);
    } catch (error) {
      throw redisFailure(place, error);
    }
  };
  const redis = await connect(options).catch((error: unknown) => {
    throw redisFailure(place, error);
  });
  const pointerKey = `nightbeam:${name}:current`;
  const recordsKey = `nightbeam:${name}:versions`;
  const bucketKey = ({ version }: Version, index: number) =>
    `nightbeam:${name}:${version}:${index}`;
  const eachKey = <Value>(version: Version, work: (key: string, index: number) => Promise<Value>) =>
    inSteps(version.buckets, (index) => work(bucketKey(version, index), index));
  return {
    place,
    bucketUsers: 1_000,
    writesAtOnce: 8,
    warnings: () => on(async (redis) => evictionWarnings(await redis.info("memory"))),
    readPointer: async () => {
      const text = await on((redis) => redis.get(pointerKey));
      if (text === null) return undefined;
      return parseJson(text, { schema: pointerSchema, place: `${place}, key ${pointerKey}` });
    },
    writePointer: (pointer) =>
      on(async (redis) => void (await redis.set(pointerKey, JSON.stringify(pointer)))),
    readRecords: async () => {
      const texts = await on((redis) => redis.hvals(recordsKey));
      const about = { schema: versionRecordSchema, place: `${place}, key ${recordsKey}` };
      return texts.map((text) => parseJson(text, about));
    },
    writeRecord: (record) =>
      on(async (redis) => {
        await redis.hset(recordsKey, record.version, JSON.stringify(record));
      }),
    readBuckets: async (version) => {
      const there = new Set<number>();
      await eachKey(version, async (key, index) => {
        if ((await on((redis) => redis.exists(key))) === 1) there.add(index);
      });
      return there;
    },
    // One command: the bucket is there as a whole or not at all.
    writeBucket: (version, { index, lists }) =>
      on(async (redis) => {
        const fields = lists.flatMap(({ user, list }) => [user, Buffer.from(list)]);
        await redis.hset(bucketKey(version, index), ...fields);
      }),
    seal: async () => undefined,
    readList: async (version, user) => {
      const key = bucketKey(version, bucketOf(user, version.buckets));
      const list = await on((redis) => redis.hgetBuffer(key, user));
      return list === null ? undefined : decodeList(list);
    },
    remove: async (version) => {
      await eachKey(version, (key) => on((redis) => redis.unlink(key)));
      await on((redis) => redis.hdel(recordsKey, version.version));
    },
    close: async () => redis.disconnect(),
  };
}

/** Calls that are sent at the same time, for the whole of which one answer is awaited. */
const STEP = 1_000;

async function inSteps(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += STEP) {
    const step = Math.min(STEP, count - from);
    await Promise.all(Array.from({ length: step }, (_, place) => work(from + place)));
  }
}

async function connect({ url, tls }: RedisListsOptions): Promise<Redis | Cluster> {
  const redis = await openRedis({ url, tls, role: "producer" });
  try {
    if (!/^cluster_enabled:1\r?$/m.test(await redis.info("cluster"))) return redis;
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  redis.disconnect();
  const { host = "127.0.0.1", port = 6379, username, password } = redis.options;
  const cluster = new Cluster([{ host, port }], {
    lazyConnect: true,
    // The addresses of the other nodes are those that the cluster announces.
    dnsLookup: (name, done) => done(null, name),
    redisOptions: {
      ...(username == null ? {} : { username }),
      ...(password == null ? {} : { password }),
      ...(url.startsWith("rediss:") ? { tls: tlsClientOptions(tls) } : {}),
      connectTimeout: 5_000,
      commandTimeout: 20_000,
      maxRetriesPerRequest: 1,
    },
  });
  cluster.on("error", () => undefined);
  await cluster.connect();
  return cluster;
}

function evictionWarnings(memory: string): readonly string[] {
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? "noeviction";
  if (policy === "noeviction" || policy.startsWith("volatile-")) return [];
  return [
    `Redis evicts keys when its memory is full (maxmemory-policy is ${policy}), and readers would find no list. ` +
      "Set maxmemory-policy noeviction.",
  ];
}

function redisFailure(place: string, error: unknown): PublishError {
  if (error instanceof PublishError) return error;
  if (error instanceof QueueError) {
    const code = error.code === "REDIS_UNREACHABLE" ? "UNREACHABLE" : "REFUSED";
    const message = error.message.replace("correct NIGHTBEAM_REDIS_URL", "correct --to");
    return new PublishError(code, message.replace("Correct NIGHTBEAM_REDIS_URL", "Correct --to"), {
      cause: error,
    });
  }
  const reason = reasonOf(error);
  const remedy = REMEDIES.find(([pattern]) => pattern.test(reason))?.[1];
  if (remedy !== undefined) {
    return new PublishError("REFUSED", `${place} refused: ${reason}. ${remedy}`, { cause: error });
  }
  const again = "Check that it runs, and publish again: what is there is kept.";
  return new PublishError("UNREACHABLE", `${place} did not answer: ${reason}. ${again}`, {
    cause: error,
  });
}

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /^OOM\b/,
    "It is full: it must hold two versions, and needs maxmemory for both. Then publish again: what is there is kept.",
  ],
  [
    /^(?:NOPERM|NOAUTH|WRONGPASS)\b/,
    "Give its user the keys: ACL SETUSER NAME ~nightbeam:* +@read +@write +info.",
  ],
  [/^READONLY\b/, "It is a replica: give the address of the primary."],
  [/^WRONGTYPE\b/, "Something else uses this key: publish under another --name."],
  [/^(?:MISCONF|CLUSTERDOWN)\b/, "Repair it, and publish again: what is there is kept."],
];
