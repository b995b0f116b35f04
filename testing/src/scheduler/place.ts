import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunStatus, SubmitBody } from "@nightbeam/api";
import {
  type RunningScheduler,
  type SchedulerDeps,
  schedulerSchema,
  type startScheduler,
} from "@nightbeam/scheduler";
import { parseOptions, withoutBlanks } from "@nightbeam/service";
import { silentLog } from "@nightbeam/service/log";
import { type RedisServer, startRedis } from "../servers/redis-server.js";
import { SMALL_WORLD } from "../world/use-world.js";
import { type World, writeWorld } from "../world/write-world.js";

export const TOKEN = "a-token-for-tests";

/** A Redis, a world of models and users, a directory and the schedulers started in it. */
export interface TestPlace {
  readonly redis: RedisServer;
  readonly world: World;
  /** Number of users in the world. */
  readonly users: number;
  /** Returns a path in the directory. */
  path(name: string): string;
  /** Starts a scheduler that keeps its state in `path("state")`. */
  scheduler(options?: Record<string, unknown>, deps?: Partial<SchedulerDeps>): Promise<Api>;
  /** Returns a request for the world that makes 14 shards. */
  request(out: string, more?: Partial<SubmitBody>): SubmitBody;
  /** Stops the schedulers and Redis, and removes the directory. */
  stop(): Promise<void>;
}

/** A scheduler and its HTTP API. */
export interface Api {
  readonly url: string;
  readonly scheduler: RunningScheduler;
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  submit(body: SubmitBody): Promise<{ outcome: string; run: RunStatus }>;
  run(id: string): Promise<RunStatus>;
}

const USERS = 70;

/**
 * Starts a Redis and writes a world.
 *
 * @param start starts the schedulers: the source's `startScheduler`, or the built one
 */
export async function startPlace(start: typeof startScheduler): Promise<TestPlace> {
  const root = await mkdtemp(join(tmpdir(), "nightbeam-scheduler-"));
  const path = (name: string) => join(root, name);
  const world = await writeWorld({ ...SMALL_WORLD, directory: path("world"), users: USERS });
  const redis = await startRedis();
  const running: RunningScheduler[] = [];
  const scheduler = async (
    options: Record<string, unknown> = {},
    deps: Partial<SchedulerDeps> = {},
  ): Promise<Api> => {
    const given = {
      redis: redis.url,
      state: path("state"),
      listen: "127.0.0.1:0",
      token: TOKEN,
      reconcileMs: 100,
      lockMs: 2_000,
      ...options,
    };
    const started = await start(parseOptions(schedulerSchema, withoutBlanks(given)), {
      log: silentLog,
      watchMs: 200,
      ...deps,
    });
    running.push(started);
    return apiOf(started);
  };
  return {
    redis,
    world,
    users: USERS,
    path,
    scheduler,
    request: (out, more = {}) => ({
      target: world.target,
      draft: [world.draft],
      catalogue: world.catalogue,
      histories: world.histories,
      out: path(out),
      partSize: 5,
      ...more,
    }),
    stop: async () => {
      await Promise.all(running.map((one) => one.close()));
      await redis.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export function apiOf(scheduler: Pick<RunningScheduler, "url" | "close">): Api {
  const { url } = scheduler;
  const ask = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const parsed: unknown = text === "" ? undefined : JSON.parse(text);
    return { status: answer.status, body: parsed };
  };
  const well = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await ask(method, path, body);
    if (answer.status >= 400) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
    return JSON.parse(JSON.stringify(answer.body));
  };
  return {
    url,
    scheduler,
    ask,
    submit: (body) => well("POST", "/v1/runs", body),
    run: (id) => well("GET", `/v1/runs/${id}`),
  };
}
