import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "@nightbeam/testing";
import { writeWorld } from "@nightbeam/testing/world";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TestCluster } from "../cluster/support/cluster.js";
import { describeClusters } from "../cluster/support/servers.js";
import { Prometheus, prometheusIsHere } from "./support/prometheus.js";
import { rulesFile, writtenAlerts, writtenQueries } from "./support/written.js";

/** What a short run of a healthy cluster does not have, and why: parts of queries. */
const ABSENT: Readonly<Record<string, string>> = {
  nightbeam_drafter_lock_losses_total: "no lock is lost",
  nightbeam_drafter_lock_renewals_total: "no shard takes half as long as a lock lasts",
  nightbeam_drafter_verify_retries_total: "no call fails",
  nightbeam_drafter_verify_audits_total: "there is no second verifier to ask",
  nightbeam_drafter_verifier_faults_total: "all answers are right",
  nightbeam_redis_errors_total: "Redis is well",
  nightbeam_verifier_prompt_cache_evictions_total: "the cache is large enough",
  'outcome="failed"': "the store is well",
  nightbeam_run_remaining_seconds: "an estimate needs half a minute",
  nightbeam_run_lateness_seconds: "an estimate needs half a minute",
  nightbeam_night_: "no night is complete",
};

/** On a machine that does much else. */
const WITHIN_MS = 60_000;

/** Ranges and waits of minutes in production, of seconds here. */
const shortened = (text: string) =>
  text.replaceAll(/\[\d+[mh]\]/g, "[4s]").replaceAll(/^( +for: ).*$/gm, "$11s");

/** The series that an alert compares, which are there without the fault, too. */
const operands = (expr: string) =>
  expr.split(/ (?:unless|and|[<>]) /).filter((part) => /(nightbeam|nodejs)_/.test(part));

describeClusters("the dashboard and the alerts", () => {
  describe.skipIf(!prometheusIsHere())("with a real Prometheus and a real cluster", () => {
    let directory: string;
    let cluster: TestCluster;
    let prometheus: Prometheus;
    let runs = 0;
    let submit: () => Promise<string>;
    beforeAll(async () => {
      directory = await mkdtemp(join(tmpdir(), "nightbeam-monitoring-"));
      const size = { users: 300, items: 600, layers: 2, width: 96, heads: 4 };
      const world = await writeWorld({ directory: join(directory, "world"), ...size });
      const { target, catalogue, draft, histories } = world;
      const prices = join(directory, "prices.json");
      await writeFile(prices, '{"currency":"USD","perHour":{"drafter":0.1,"verifier":2}}');
      cluster = await TestCluster.start({
        ...{ target, catalogue, verifiers: 1, drafters: 1, metrics: true },
        schedulerFlags: ["--prices", prices],
      });
      prometheus = await Prometheus.start({
        directory,
        targets: cluster.metricsTargets,
        rules: shortened(await readFile(rulesFile, "utf8")),
        intervalMs: 500,
      });
      submit = async () => {
        const due = new Date(Date.now() + 3_600_000).toISOString();
        const out = cluster.out(`run-${++runs}`);
        const drafting = { draft: [draft], draftWidth: [20], batchSize: 10 };
        const request = { target, catalogue, histories, topK: 10, beamWidth: 20, ...drafting };
        const { run } = await cluster.submit({ ...request, partSize: 30, out, due });
        return run.id;
      };
    });
    afterAll(async () => {
      await prometheus?.stop();
      await cluster?.stop();
      await rm(directory, { recursive: true, force: true });
    });

    it("scrapes every service", async () => {
      const scraped = async () => (await prometheus.targets()).every((one) => one === "up");
      await until("all targets are up", scraped, WITHIN_MS);
    });

    it(
      "gets data for every query of the dashboard and of the alerts",
      async () => {
        let run = await submit();
        const compared = writtenAlerts().flatMap(({ title, expr }) =>
          operands(expr).map((part) => ({ title, expr: part })),
        );
        const queries = [...writtenQueries(), ...compared].map(({ title, expr }) => ({
          title,
          expr: shortened(expr).replaceAll("$__rate_interval", "4s").replaceAll('"$job"', '".*"'),
        }));
        const explained = ({ expr }: { expr: string }) =>
          Object.keys(ABSENT).some((part) => expr.includes(part));
        let pending = queries;
        const hasAll = async () => {
          const counts = await Promise.all(pending.map(({ expr }) => prometheus.count(expr)));
          pending = pending.filter((_, at) => counts[at] === 0);
          if ((await cluster.status(run)).state === "complete") run = await submit();
          return pending.every(explained);
        };
        await until("all queries have data", hasAll, WITHIN_MS).catch((cause) => {
          const missing = pending.filter((one) => !explained(one));
          throw new Error(`no data: ${JSON.stringify(missing, undefined, 1)}`, { cause });
        });
        await cluster.until(run);
      },
      2 * WITHIN_MS,
    );

    it(
      "fires for a run without drafters and verifiers, and stops when they are back",
      async () => {
        const faults = ["NightbeamNoDrafter", "NightbeamNoVerifier", "NightbeamNoProgress"];
        const [first, last] = [await submit(), await submit()];
        await cluster.until(first, { is: ({ users }) => users.done > 0 });
        const before = await prometheus.firing();
        expect(before.has("NightbeamNoDrafter") || before.has("NightbeamNoVerifier")).toBe(false);
        const nodes = [...cluster.drafters, ...cluster.verifiers];
        await Promise.all(nodes.map((node) => node.signal("SIGKILL")));
        const fire = async () => {
          const firing = await prometheus.firing();
          return faults.every((name) => firing.has(name));
        };
        await until("the alerts fire", fire, WITHIN_MS);
        await Promise.all(nodes.map((node) => node.start()));
        const quiet = async () => {
          const firing = await prometheus.firing();
          return !faults.some((name) => firing.has(name));
        };
        await until("the alerts end", quiet, WITHIN_MS);
        expect((await cluster.until(last)).state).toBe("complete");
      },
      3 * WITHIN_MS,
    );
  });
});
