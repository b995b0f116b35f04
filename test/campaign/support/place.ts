import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunStatus, runStatusSchema, type SubmitBody, startedRunSchema } from "@nightbeam/api";
import { type S3Server, startS3 } from "@nightbeam/testing/s3";
import {
  freePort,
  type NatsServer,
  type RedisServer,
  startNatsServer,
  startRedis,
} from "@nightbeam/testing/servers";
import type { World } from "@nightbeam/testing/world";
import { Redis } from "ioredis";
import type { ClusterNode } from "../../cluster/support/node.js";
import { type Link, openLink } from "./link.js";
import { NodeMaker, startAgain, TOKEN } from "./node-maker.js";

const BUCKET = "lists";
export const DRAFTERS = 2;
export const VERIFIERS = 2;

/** A node and the links through which it reaches the servers. */
export interface LinkedNode {
  readonly node: ClusterNode;
  readonly redis: Link;
  readonly nats: Link;
}

export interface LinkedVerifier {
  readonly node: ClusterNode;
  readonly nats: Link;
  /** The link at whose port drafters find the verifier. */
  readonly calls: Link;
}

/** Whether this process may mount file systems: without it, faults of directories cannot be caused. */
export function canMount(): boolean {
  if (process.getuid?.() !== 0) return false;
  try {
    execFileSync("unshare", ["-m", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

interface Parts {
  readonly directory: string;
  readonly world: World;
  readonly redis: RedisServer;
  readonly nats: NatsServer;
  readonly s3: S3Server;
  readonly s3Link: Link;
}

/** A cluster of real processes whose links, stores and servers can be disturbed one by one. */
export class Place {
  readonly directory: string;
  readonly world: World;
  readonly redis: RedisServer;
  readonly nats: NatsServer;
  readonly s3: S3Server;
  readonly s3Link: Link;
  /** A connection to Redis that no fault cuts. */
  readonly admin: Redis;
  readonly drafters: LinkedNode[] = [];
  readonly verifiers: LinkedVerifier[] = [];
  #scheduler: LinkedNode | undefined;
  readonly #guests = new Set<ClusterNode>();
  readonly #links: Link[] = [];
  readonly #mounted: string[] = [];
  readonly #maker: NodeMaker;
  #schedulerPort = 0;

  private constructor(parts: Parts) {
    this.directory = parts.directory;
    this.world = parts.world;
    this.redis = parts.redis;
    this.nats = parts.nats;
    this.s3 = parts.s3;
    this.s3Link = parts.s3Link;
    const s3 = `http://127.0.0.1:${parts.s3Link.port}`;
    this.#maker = new NodeMaker({ world: parts.world, state: this.state, s3 });
    this.admin = new Redis(parts.redis.url, { replyMapping: "legacy" });
    this.admin.on("error", () => undefined);
  }

  static async start(world: World): Promise<Place> {
    const directory = await mkdtemp(join(tmpdir(), "nightbeam-campaign-"));
    const s3 = await startS3(BUCKET, { pageSize: 1_000 });
    const s3Port = Number(new URL(s3.endpoint).port);
    const place = new Place({
      directory,
      world,
      redis: await startRedis(),
      nats: await startNatsServer(),
      s3,
      s3Link: await openLink(() => s3Port),
    });
    try {
      await place.#startAll();
    } catch (error) {
      await place.stop().catch(() => undefined);
      throw error;
    }
    return place;
  }

  get scheduler(): LinkedNode {
    if (this.#scheduler === undefined) throw new Error("the scheduler is not started");
    return this.#scheduler;
  }

  /** Of the servers themselves, without a link. */
  get #urls() {
    return { redis: this.redis.url, nats: this.nats.url };
  }

  /** The directory of all nights whose store is a directory; a file system of its own if possible. */
  get nights(): string {
    return join(this.directory, "nights");
  }

  /** The scheduler's state; a file system of its own if possible. */
  get state(): string {
    return join(this.directory, "state");
  }

  location(night: string, store: "directory" | "s3"): string {
    return store === "s3" ? `s3://${BUCKET}/${night}` : join(this.nights, night);
  }

  /** Writes the objects of a night below a directory, for readers of directories. */
  async download(night: string, directory: string): Promise<void> {
    for (const [key, bytes] of this.s3.objects) {
      if (!key.startsWith(`${night}/`)) continue;
      const path = join(directory, key);
      await mkdir(join(path, ".."), { recursive: true });
      await writeFile(path, bytes);
    }
  }

  /** Starts a node that is no part of the cluster at rest. Remove it when its fault ends. */
  async addGuest(node: ClusterNode): Promise<void> {
    this.#guests.add(node);
    await node.start();
  }

  async removeGuest(node: ClusterNode): Promise<void> {
    this.#guests.delete(node);
    await node.stop();
  }

  /** A further drafter, which is not started yet. */
  makeDrafter(options: {
    readonly name: string;
    readonly flags?: readonly string[];
    readonly wrapper?: readonly string[];
    readonly nats?: string;
  }): ClusterNode {
    return this.#maker.drafter({ ...this.#urls, ...options });
  }

  makeScheduler(name: string): ClusterNode {
    return this.#maker.scheduler({ ...this.#urls, name, port: 0 });
  }

  makeVerifier(name: string, target: string): ClusterNode {
    const { nats } = this.#urls;
    return this.#maker.verifier({ name, target, nats, flags: ["--listen", "127.0.0.1:0"] });
  }

  /** Starts what no longer runs, as an orchestrator would. */
  async startMissing(): Promise<void> {
    await Promise.all(this.#nodes().map((node) => startAgain(node)));
  }

  async submit(request: SubmitBody): Promise<RunStatus> {
    const body = JSON.stringify(request);
    const text = await this.#call("/v1/runs", { method: "POST", body });
    return startedRunSchema.parse(JSON.parse(text)).run;
  }

  async status(runId: string): Promise<RunStatus> {
    return runStatusSchema.parse(JSON.parse(await this.#call(`/v1/runs/${runId}`)));
  }

  logs(): string {
    const nodes = [...this.#nodes(), ...this.#guests];
    return nodes.map(({ name, output }) => `--- ${name}\n${output.slice(-6_000)}`).join("\n");
  }

  /** Stops everything. A process that does not exit by itself is an error. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    const groups = [
      [...this.#guests],
      this.drafters.map(({ node }) => node),
      this.verifiers.map(({ node }) => node),
      this.#scheduler === undefined ? [] : [this.#scheduler.node],
    ];
    for (const group of groups) {
      for (const result of await Promise.allSettled(group.map((node) => node.stop()))) {
        if (result.status === "rejected") failures.push(result.reason);
      }
    }
    this.admin.disconnect();
    await this.nats.stop();
    await this.redis.stop();
    await Promise.all([...this.#links, this.s3Link].map((link) => link.close()));
    await this.s3.stop();
    for (const path of this.#mounted) execFileSync("umount", ["-l", path]);
    await rm(this.directory, { recursive: true, force: true });
    if (failures.length > 0) throw failures[0];
  }

  async #startAll(): Promise<void> {
    for (const path of [this.nights, this.state]) {
      await mkdir(path);
      if (!canMount()) continue;
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=256m", "none", path]);
      this.#mounted.push(path);
    }
    this.#schedulerPort = await freePort();
    const link = async () => ({
      redis: await this.#link(this.redis),
      nats: await this.#link(this.nats),
    });
    const links = await link();
    const node = this.#maker.scheduler({
      ...urlsOf(links),
      name: "scheduler",
      port: this.#schedulerPort,
    });
    this.#scheduler = { node, ...links };
    for (let at = 1; at <= VERIFIERS; at++) {
      const port = await freePort();
      const calls = await this.#link({ port });
      const nats = await this.#link(this.nats);
      const flags = ["--listen", `127.0.0.1:${port}`, "--advertise", `127.0.0.1:${calls.port}`];
      const name = `verifier-${at}`;
      const verifier = this.#maker.verifier({ name, nats: urlOf("nats", nats), flags });
      this.verifiers.push({ node: verifier, nats, calls });
    }
    const wrapper = canMount() ? ["unshare", "-m"] : undefined;
    for (let at = 1; at <= DRAFTERS; at++) {
      const links = await link();
      const drafter = this.#maker.drafter({ ...urlsOf(links), name: `drafter-${at}`, wrapper });
      this.drafters.push({ node: drafter, ...links });
    }
    await Promise.all(this.#nodes().map((one) => one.start()));
  }

  async #link(to: { readonly port: number }): Promise<Link> {
    const link = await openLink(() => to.port);
    this.#links.push(link);
    return link;
  }

  #nodes(): ClusterNode[] {
    const scheduler = this.#scheduler === undefined ? [] : [this.#scheduler.node];
    return [...scheduler, ...[...this.verifiers, ...this.drafters].map(({ node }) => node)];
  }

  async #call(path: string, init: RequestInit = {}): Promise<string> {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    const url = `http://127.0.0.1:${this.#schedulerPort}${path}`;
    const signal = AbortSignal.timeout(20_000);
    const response = await fetch(url, { ...init, headers, signal });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
    return text;
  }
}

function urlOf(protocol: "redis" | "nats", { port }: Link): string {
  return `${protocol}://127.0.0.1:${port}`;
}

function urlsOf({ redis, nats }: { readonly redis: Link; readonly nats: Link }) {
  return { redis: urlOf("redis", redis), nats: urlOf("nats", nats) };
}
