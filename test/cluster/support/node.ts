import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../../../services/cli/bin/nightbeam.js", import.meta.url));
const READY_WITHIN_MS = 90_000;
/** Longer than a node's own grace period for work in progress. */
const STOPPED_WITHIN_MS = 40_000;

export interface NodeSetting {
  /** A command that replaces itself with the node, such as `unshare -m`. */
  readonly wrapper?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** One process of a cluster, started from the built command, like an orchestrator would. */
export class ClusterNode {
  readonly name: string;
  readonly #args: readonly string[];
  readonly #setting: NodeSetting;
  #child: ChildProcess | undefined;
  #output = "";
  /** The line that the process printed when it was ready. */
  ready = "";

  constructor(name: string, args: readonly string[], setting: NodeSetting = {}) {
    this.name = name;
    this.#args = args;
    this.#setting = setting;
  }

  /** Starts the process, with further variables if there are any, and waits for its ready line. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<this> {
    const { wrapper = [], env: own = {} } = this.#setting;
    const node = [process.execPath, "--single-threaded-gc", COMMAND, ...this.#args];
    const [command = "", ...args] = [...wrapper, ...node];
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...own, ...env },
    });
    this.#child = child;
    this.ready = await new Promise<string>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${this.name} ${why}:\n${this.#output}`));
      const timer = setTimeout(() => fail("was not ready in time"), READY_WITHIN_MS);
      child.once("exit", (code, signal) => fail(`ended with ${code ?? signal}`));
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
        const line = text.split("\n").find((one) => one.includes("ready"));
        if (line === undefined) return;
        clearTimeout(timer);
        child.removeAllListeners("exit");
        resolve(line);
      });
    });
    return this;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Everything that the process printed, earlier starts included. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    const { exitCode, signalCode } = this.#child ?? { exitCode: 0, signalCode: null };
    return exitCode === null && signalCode === null;
  }

  /** Sends a signal; SIGKILL and SIGTERM wait for the end. Resolves to the exit code. */
  async signal(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return child?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    child.kill(signal);
    return signal === "SIGKILL" || signal === "SIGTERM" ? ended : null;
  }

  /** Stops it with SIGTERM, or with SIGKILL if that has no effect, which fails the test. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#child?.kill("SIGCONT");
    const killTimer = setTimeout(() => this.#child?.kill("SIGKILL"), STOPPED_WITHIN_MS);
    const code = await this.signal("SIGTERM");
    clearTimeout(killTimer);
    if (code !== 0) throw new Error(`${this.name} did not exit by itself:\n${this.#output}`);
  }
}
