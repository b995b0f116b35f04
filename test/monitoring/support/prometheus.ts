import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "@nightbeam/testing/servers";
import { z } from "zod";

/**
 * Whether tests with Prometheus can run. Without prometheus and promtool they are skipped with a message, or fail if
 * NIGHTBEAM_REQUIRED=1.
 */
export function prometheusIsHere(): boolean {
  const commands = ["prometheus", "promtool"];
  const missing = commands.filter((name) => spawnSync(name, ["--version"]).status !== 0);
  if (missing.length === 0) return true;
  const message = `${missing.join(" and ")} is not installed`;
  if (process.env.NIGHTBEAM_REQUIRED === "1") throw new Error(message);
  console.warn(`${message}: its tests are skipped`);
  return false;
}

const vectorSchema = z.object({
  data: z.object({ result: z.array(z.unknown()) }),
});

const alertsSchema = z.object({
  data: z.object({
    alerts: z.array(z.object({ labels: z.record(z.string(), z.string()), state: z.string() })),
  }),
});

const targetsSchema = z.object({
  data: z.object({
    activeTargets: z.array(z.object({ health: z.string(), lastError: z.string() })),
  }),
});

export interface PrometheusOptions {
  /** An empty directory for its configuration and data. */
  readonly directory: string;
  /** host:port of what it scrapes. */
  readonly targets: readonly string[];
  /** The rules, as the text of a rule file. */
  readonly rules: string;
  /** Between scrapes, and between evaluations. */
  readonly intervalMs: number;
}

/** A real Prometheus on a free port. */
export class Prometheus {
  readonly #url: string;
  readonly #child: ChildProcess;

  private constructor(url: string, child: ChildProcess) {
    this.#url = url;
    this.#child = child;
  }

  static async start(options: PrometheusOptions): Promise<Prometheus> {
    const { directory, targets, rules, intervalMs } = options;
    const interval = `${intervalMs}ms`;
    const port = await freePort();
    await writeFile(join(directory, "rules.yml"), rules);
    const config = {
      global: {
        scrape_interval: interval,
        scrape_timeout: interval,
        evaluation_interval: interval,
      },
      rule_files: ["rules.yml"],
      scrape_configs: [{ job_name: "nightbeam", static_configs: [{ targets }] }],
    };
    // JSON is YAML.
    await writeFile(join(directory, "prometheus.yml"), JSON.stringify(config));
    const child = spawn(
      "prometheus",
      [
        ...["--config.file", join(directory, "prometheus.yml")],
        ...["--storage.tsdb.path", join(directory, "data")],
        ...["--web.listen-address", `127.0.0.1:${port}`, "--log.level", "error"],
      ],
      { stdio: ["ignore", "ignore", "inherit"] },
    );
    const prometheus = new Prometheus(`http://127.0.0.1:${port}`, child);
    await prometheus.#ready();
    return prometheus;
  }

  async #ready(): Promise<void> {
    while (this.#child.exitCode === null) {
      const answer = await fetch(`${this.#url}/-/ready`).catch(() => undefined);
      if (answer?.ok === true) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`prometheus ended with ${this.#child.exitCode}`);
  }

  /** The number of series of a query now. @throws Error about a query that is invalid */
  async count(query: string): Promise<number> {
    const answer = await fetch(`${this.#url}/api/v1/query?${new URLSearchParams({ query })}`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${query}: ${text}`);
    return vectorSchema.parse(JSON.parse(text)).data.result.length;
  }

  /** Names of the alerts that fire. */
  async firing(): Promise<ReadonlySet<string>> {
    const answer = await fetch(`${this.#url}/api/v1/alerts`);
    const { alerts } = alertsSchema.parse(await answer.json()).data;
    const firing = alerts.filter(({ state }) => state === "firing");
    return new Set(firing.map(({ labels }) => labels.alertname ?? ""));
  }

  /** Whether each target was scraped, or why not. */
  async targets(): Promise<readonly string[]> {
    const answer = await fetch(`${this.#url}/api/v1/targets`);
    const { activeTargets } = targetsSchema.parse(await answer.json()).data;
    return activeTargets.map(({ health, lastError }) => `${health} ${lastError}`.trim());
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }
}
