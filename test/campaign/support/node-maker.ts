import { fileURLToPath } from "node:url";
import type { World } from "@nightbeam/testing/world";
import { ClusterNode } from "../../cluster/support/node.js";

export const TOKEN = "a-token-for-tests";
const SKEWED_CLOCK = fileURLToPath(new URL("./skewed-clock.mjs", import.meta.url));
/** Short, so that lost shards are taken again soon. */
const LOCKS = ["--lock-ms", "2000", "--stall-check-ms", "1000"];

export interface NodeOptions {
  readonly name: string;
  readonly nats: string;
  readonly flags?: readonly string[];
  /** A command that replaces itself with the node. */
  readonly wrapper?: readonly string[] | undefined;
}

/** Makes the nodes of a cluster, which are not started yet. */
export class NodeMaker {
  readonly #world: World;
  readonly #state: string;
  readonly #env: Readonly<Record<string, string>>;

  /** @param options.s3 the URL of the store's link */
  constructor(options: { readonly world: World; readonly state: string; readonly s3: string }) {
    this.#world = options.world;
    this.#state = options.state;
    this.#env = {
      AWS_ENDPOINT_URL: options.s3,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      // Takes effect with NIGHTBEAM_TEST_SKEW_MS alone.
      NODE_OPTIONS: `--import ${SKEWED_CLOCK}`,
    };
  }

  scheduler(options: NodeOptions & { readonly redis: string; readonly port: number }): ClusterNode {
    const { redis, port } = options;
    return this.#node(options, [
      ...["scheduler", "--state", this.#state, "--listen", `127.0.0.1:${port}`],
      ...["--token", TOKEN, "--reconcile-ms", "1000", "--redis", redis, ...LOCKS],
    ]);
  }

  verifier(options: NodeOptions & { readonly target?: string }): ClusterNode {
    const { name, target = this.#world.target } = options;
    return this.#node(options, [
      ...["verifier", "--target", target, "--catalogue", this.#world.catalogue],
      ...["--name", name, "--workers", "1"],
    ]);
  }

  drafter(options: NodeOptions & { readonly redis: string }): ClusterNode {
    const { name, redis } = options;
    return this.#node(options, [
      ...["drafter", "--name", name, "--workers", "1", "--redis", redis, ...LOCKS],
    ]);
  }

  #node({ name, nats, flags = [], wrapper = [] }: NodeOptions, args: string[]): ClusterNode {
    const all = [...args, "--nats", nats, "--log-format", "json", ...flags];
    return new ClusterNode(name, all, { env: this.#env, wrapper });
  }
}

/** Starts a node until it is ready: the first tries may meet a server that is not ready itself. */
export async function startAgain(node: ClusterNode): Promise<void> {
  for (let tries = 1; !node.isRunning; tries++) {
    try {
      await node.start();
    } catch (error) {
      await node.signal("SIGKILL");
      if (tries === 5) throw error;
    }
  }
}
