import {
  formatHostPort,
  type HostPort,
  type TlsBytes,
  tlsClientOptions,
  tlsProblem,
} from "@nightbeam/service";
import type { Log } from "@nightbeam/service/log";
import { Redis, type RedisOptions } from "ioredis";
import { QueueError } from "../errors.js";
import { connectorTo } from "./connector.js";

/** What a connection needs of a log. */
export type ConnectionLog = Pick<Log, "info" | "warn">;

export interface OpenRedisOptions {
  /** redis://[user:password@]host[:port][/database], or rediss:// for TLS. */
  readonly url: string;
  /** The authority of a rediss:// server, and the certificate that it may require. */
  readonly tls?: TlsBytes | undefined;
  /**
   * `producer`: a command fails at once while Redis is unreachable, and after `commandTimeoutMs` when
   * it does not answer. `worker`: a command waits until Redis is back.
   */
  readonly role: "producer" | "worker";
  /** Timeout of the first connection. Default: 10 s. */
  readonly readyTimeoutMs?: number;
  /** Only for producers. Default: 20 s. */
  readonly commandTimeoutMs?: number;
  readonly log?: ConnectionLog;
}

/** A peer that died without a reset is noticed after this. No blocking read of a worker takes longer. */
const SOCKET_TIMEOUT_MS = 30_000;
const MAX_RETRY_MS = 2_000;

/**
 * Opens a connection and waits until it is ready. After that it reconnects forever. The caller closes
 * it with `quit()` or `disconnect()`.
 *
 * @throws QueueError REDIS_UNREACHABLE
 */
export async function openRedis(options: OpenRedisOptions): Promise<Redis> {
  const { url, tls, role, readyTimeoutMs = 10_000, commandTimeoutMs = 20_000, log } = options;
  const address = addressOf(url);
  const place = formatHostPort(address);
  const clientTls = url.startsWith("rediss:") ? tlsClientOptions(tls) : undefined;
  const settings: RedisOptions = {
    lazyConnect: true,
    connectTimeout: 5_000,
    socketTimeout: SOCKET_TIMEOUT_MS,
    retryStrategy: retryDelayMs,
    reconnectOnError: lostItsPrimary,
    Connector: connectorTo({ ...address, tls: clientTls }),
    // The client waits for the handshake if it has this.
    ...(clientTls === undefined ? {} : { tls: clientTls }),
    ...(role === "worker" ? WORKER : { ...PRODUCER, commandTimeout: commandTimeoutMs }),
  };
  const redis = new Redis(url, { ...settings, replyMapping: "legacy" });
  let reason = startProblem("no answer", url);
  let away = false;
  let wasReady = false;
  redis.on("error", (error: Error) => {
    reason = problemOf(error, tls);
    if (!wasReady) reason = startProblem(reason, url);
    if (!away) log?.warn({ redis: place, reason }, "Redis is unreachable; reconnecting");
    away = true;
  });
  redis.on("ready", () => {
    wasReady = true;
    if (away) log?.info({ redis: place }, "Redis is reachable again");
    away = false;
  });
  if (await becomesReady(redis, readyTimeoutMs)) return redis;
  redis.disconnect();
  throw new QueueError(
    "REDIS_UNREACHABLE",
    `Redis at ${place} was not ready within ${readyTimeoutMs / 1_000} s: ${reason.replace(/\.$/, "")}. ` +
      "Start it, or correct NIGHTBEAM_REDIS_URL.",
  );
}

/** Servers that expect TLS, or a certificate, end connections without a reason; those that expect none stay silent. */
function startProblem(reason: string, url: string): string {
  const isTls = url.startsWith("rediss:");
  if (/ECONNRESET|EPIPE|socket hang up/.test(reason)) {
    return isTls
      ? `it ends the connection (${reason}). If it requires a client certificate, give one that is signed by the authority that it trusts, with --tls-cert and --tls-key.`
      : `it ends the connection (${reason}). If it speaks TLS at this port, write rediss://.`;
  }
  if (isTls && /no answer|ETIMEDOUT/.test(reason)) {
    return `${reason} over TLS. If it does not speak TLS at this port, write redis://.`;
  }
  return reason;
}

/** Why a connection failed, with the file or setting to change. */
function problemOf(error: Error, tls: TlsBytes | undefined): string {
  const problem = tlsProblem(error, { tls, server: "Redis" });
  if (problem !== undefined) return problem;
  if (/^(WRONGPASS|NOAUTH|ERR AUTH|ERR invalid password)/.test(error.message)) {
    return `Redis refuses the user and password of its address: ${error.message}`;
  }
  return error.message;
}

/** A worker's commands wait for Redis: BullMQ requires it, and the result of a job must not get lost. */
const WORKER: RedisOptions = { maxRetriesPerRequest: null };
const PRODUCER: RedisOptions = { maxRetriesPerRequest: 1, enableOfflineQueue: false };

function retryDelayMs(times: number): number {
  const delay = Math.min(50 * 2 ** times, MAX_RETRY_MS);
  // Jitter, so that the nodes of a cluster do not all reconnect at the same moment.
  return delay / 2 + (Math.random() * delay) / 2;
}

/** After a failover the old primary answers as a replica; reconnecting finds the new primary. */
function lostItsPrimary(error: Error): boolean {
  return error.message.startsWith("READONLY");
}

/** Connects. @returns whether the connection is ready in time */
export function becomesReady(redis: Redis, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (ready: boolean) => {
      clearTimeout(timer);
      redis.off("ready", onReady);
      resolve(ready);
    };
    const onReady = () => settle(true);
    const timer = setTimeout(() => settle(false), timeoutMs);
    redis.once("ready", onReady);
    // The first attempt may fail; the retry strategy makes the others.
    redis.connect().catch(() => undefined);
  });
}

/** Where a URL points to, without the password. @throws QueueError REDIS_UNREACHABLE */
function addressOf(url: string): HostPort {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !["redis:", "rediss:"].includes(parsed.protocol)) {
    throw new QueueError(
      "REDIS_UNREACHABLE",
      "The address of Redis is not of the form redis://host:port. Correct NIGHTBEAM_REDIS_URL.",
    );
  }
  const host = parsed.hostname.replace(/^\[(.*)\]$/, "$1") || "127.0.0.1";
  return { host, port: parsed.port === "" ? 6379 : Number(parsed.port) };
}
