import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type RunStatus,
  runStatusSchema,
  type StartedRun,
  type SubmitBody,
  startedRunSchema,
} from "@nightbeam/api";
import {
  freePort,
  type NatsServer,
  type RedisServer,
  startNatsServer,
  startRedis,
} from "@nightbeam/testing/servers";
import type { z } from "zod";
import { certificateFlags } from "./certificate.js";
import { ClusterNode } from "./node.js";

export interface ClusterOptions {
  readonly target: string;
  readonly catalogue: string;
  readonly scoring?: "full" | "renormalized";
  readonly verifiers?: number;
  /** Further flags of each verifier, in their order. */
  readonly verifierFlags?: readonly (readonly string[])[];
  readonly drafters?: number;
  /** Short locks make faults show quickly. */
  readonly lockMs?: number;
  /** Calls use TLS with certificates on both ends. */
  readonly tls?: boolean;
  /** Addresses that drafters know in addition to those from NATS. */
  readonly staticVerifiers?: readonly string[];
  /** Further flags of the scheduler. */
  readonly schedulerFlags?: readonly string[];
  /** Every process serves metrics on a free port, the same after a restart. */
  readonly metrics?: boolean;
  /** Further variables of every process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The token of all test clusters; it may do everything. */
export const TOKEN = "a-token-for-tests";

/** A whole cluster on this machine, of the processes that an operator would start. */
export class TestCluster {
  readonly directory: string;
  readonly redis: RedisServer;
  readonly nats: NatsServer;
  readonly scheduler: ClusterNode;
  readonly verifiers: readonly ClusterNode[];
  readonly drafters: readonly ClusterNode[];
  /** host:port of the nodes' metrics, if they serve them. */
  readonly metricsTargets: readonly string[];

  private constructor(parts: {
    directory: string;
    redis: RedisServer;
    nats: NatsServer;
    options: ClusterOptions;
    metricsPorts: readonly number[];
  }) {
    const { directory, redis, nats, options, metricsPorts } = parts;
    const metricsTargets = metricsPorts.map((port) => `127.0.0.1:${port}`);
    this.metricsTargets = metricsTargets;
    let nodes = 0;
    const metrics = () => {
      const target = metricsTargets[nodes++];
      return target === undefined ? [] : ["--metrics-listen", target];
    };
    this.directory = directory;
    this.redis = redis;
    this.nats = nats;
    const lockMs = options.lockMs ?? 2_000;
    const control = ["--nats", nats.url, "--log-format", "json"];
    const queue = ["--redis", redis.url, "--lock-ms", `${lockMs}`];
    const stalls = ["--stall-check-ms", `${lockMs / 2}`];
    this.scheduler = new ClusterNode("scheduler", [
      ...["scheduler", "--state", join(directory, "state"), "--listen", "127.0.0.1:0"],
      ...["--token", TOKEN, "--reconcile-ms", "1000", ...queue, ...stalls, ...control],
      ...(options.schedulerFlags ?? []),
      ...metrics(),
    ]);
    const { target, catalogue, scoring = "full" } = options;
    const models = ["--target", target, "--catalogue", catalogue, "--scoring", scoring];
    const tls = options.tls === true ? certificateFlags(directory) : [];
    this.verifiers = numbered(options.verifiers ?? 2).map(
      (name, at) =>
        new ClusterNode(`verifier ${name}`, [
          ...["verifier", ...models, "--listen", "127.0.0.1:0", "--workers", "1"],
          ...["--name", `verifier-${name}`, ...control, ...tls],
          ...(options.verifierFlags?.[at] ?? []),
          ...metrics(),
        ]),
    );
    const known = options.staticVerifiers ?? [];
    this.drafters = numbered(options.drafters ?? 2).map(
      (name) =>
        new ClusterNode(`drafter ${name}`, [
          ...["drafter", "--name", `drafter-${name}`, ...queue, ...stalls, ...control],
          ...(known.length === 0 ? [] : ["--verifiers", known.join(",")]),
          ...["--workers", "1", ...tls],
          ...metrics(),
        ]),
    );
  }

  static async start(options: ClusterOptions): Promise<TestCluster> {
    const directory = await mkdtemp(join(tmpdir(), "nightbeam-cluster-"));
    const redis = await startRedis();
    const nats = await startNatsServer();
    const { verifiers = 2, drafters = 2 } = options;
    const served = options.metrics === true ? 1 + verifiers + drafters : 0;
    const metricsPorts = await Promise.all(Array.from({ length: served }, freePort));
    const cluster = new TestCluster({ directory, redis, nats, options, metricsPorts });
    try {
      await Promise.all(cluster.nodes.map((node) => node.start(options.env)));
    } catch (error) {
      await cluster.stop().catch(() => undefined);
      throw error;
    }
    return cluster;
  }

  get nodes(): readonly ClusterNode[] {
    return [this.scheduler, ...this.verifiers, ...this.drafters];
  }

  /** The address of the scheduler. */
  get url(): string {
    return /https?:\S+/.exec(this.scheduler.ready)?.[0] ?? "";
  }

  /** Output directory for a run of this name. */
  out(name: string): string {
    return join(this.directory, name);
  }

  submit(request: SubmitBody): Promise<StartedRun> {
    const body = JSON.stringify(request);
    return this.#call(startedRunSchema, { path: "/v1/runs", method: "POST", body });
  }

  status(runId: string): Promise<RunStatus> {
    return this.#call(runStatusSchema, { path: `/v1/runs/${runId}` });
  }

  /**
   * Waits until a run is in a state, by default a final one; retries while the scheduler is down.
   */
  async until(
    runId: string,
    options: { is?: (run: RunStatus) => boolean; withinMs?: number } = {},
  ): Promise<RunStatus> {
    const { is = ({ state }) => ENDED.includes(state), withinMs = 180_000 } = options;
    const end = performance.now() + withinMs;
    let last: RunStatus | undefined;
    while (performance.now() < end) {
      const run = await this.status(runId).catch(() => undefined);
      if (run !== undefined && is(run)) return run;
      last = run ?? last;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`run ${runId} is still ${JSON.stringify(last)}\n${this.logs()}`);
  }

  logs(): string {
    return this.nodes.map(({ name, output }) => `--- ${name}\n${output.slice(-4_000)}`).join("\n");
  }

  /** Stops everything; a process that does not exit by itself fails the test. */
  async stop(): Promise<void> {
    // Drafters first, while the others still answer them.
    const stopped: PromiseSettledResult<void>[] = [];
    for (const group of [this.drafters, this.verifiers, [this.scheduler]]) {
      stopped.push(...(await Promise.allSettled(group.map((node) => node.stop()))));
    }
    await this.nats.stop();
    await this.redis.stop();
    await rm(this.directory, { recursive: true, force: true });
    const failure = stopped.find((result) => result.status === "rejected");
    if (failure !== undefined) throw failure.reason;
  }

  async #call<Schema extends z.ZodType>(
    schema: Schema,
    { path, ...init }: RequestInit & { path: string },
  ): Promise<z.output<Schema>> {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const response = await fetch(`${this.url}${path}`, { ...init, headers });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
    return schema.parse(JSON.parse(text));
  }
}

const ENDED = ["complete", "partial", "cancelled", "refused"];

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, at) => String(at + 1));
}
