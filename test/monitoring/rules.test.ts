import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prometheusIsHere } from "./support/prometheus.js";
import { rulesFile, writtenAlerts } from "./support/written.js";

/** Series in promtool's notation, a sample per minute: `3+2x10` is 3, 5, …, 23, and `_` is no sample. */
type Series = Readonly<Record<string, string>>;

interface Case {
  /** When the alert must be firing. */
  readonly at: string;
  readonly fires: Series;
  /** The same cluster without the fault. */
  readonly silent: Series;
}

const ONE = "1+0x60";
const running = { 'nightbeam_runs{state="running"}': ONE };
const serving = (...services: string[]): Series =>
  Object.fromEntries(services.map((name) => [`nightbeam_build_info{service="${name}"}`, ONE]));
const nights = (name: string, latest: number, before: number): Series => ({
  [`${name}{night="gold", run="latest"}`]: `${latest}+0x60`,
  [`${name}{night="gold", run="before"}`]: `${before}+0x60`,
});

const CASES: Readonly<Record<string, Case>> = {
  NightbeamNoScheduler: {
    at: "4m",
    fires: serving("drafter"),
    silent: serving("drafter", "scheduler"),
  },
  NightbeamNoDrafter: {
    at: "7m",
    fires: { ...running, ...serving("scheduler", "verifier") },
    silent: { ...running, ...serving("scheduler", "drafter") },
  },
  NightbeamNoVerifier: {
    at: "7m",
    fires: { ...running, ...serving("scheduler", "drafter") },
    silent: { ...running, ...serving("scheduler", "verifier") },
  },
  NightbeamNoProgress: {
    at: "12m",
    fires: { ...running, nightbeam_drafter_users_total: "7+0x60" },
    silent: { ...running, nightbeam_drafter_users_total: "7+1x60" },
  },
  NightbeamNightLate: {
    at: "7m",
    fires: { 'nightbeam_run_lateness_seconds{night="gold"}': "600+0x60" },
    silent: { 'nightbeam_run_lateness_seconds{night="gold"}': "-600+0x60" },
  },
  NightbeamQueueOld: {
    at: "7m",
    fires: { nightbeam_queue_oldest_age_seconds: "25000+60x60" },
    silent: { nightbeam_queue_oldest_age_seconds: "60+60x60" },
  },
  NightbeamVerifiersSaturated: {
    at: "30m",
    fires: {
      'nightbeam_verifier_busy_time_seconds_total{lane="0"}': "0+59x60",
      'nightbeam_verifier_rows{state="waiting"}': "90+0x60",
    },
    silent: {
      'nightbeam_verifier_busy_time_seconds_total{lane="0"}': "0+59x60",
      'nightbeam_verifier_rows{state="waiting"}': "0+0x60",
    },
  },
  NightbeamStoreFailing: {
    at: "12m",
    fires: {
      'nightbeam_store_operation_duration_seconds_count{operation="put", outcome="failed"}':
        "0+1x60",
    },
    silent: {
      'nightbeam_store_operation_duration_seconds_count{operation="put", outcome="ok"}': "0+1x60",
    },
  },
  NightbeamAlarm: {
    at: "3m",
    fires: { 'nightbeam_alarms{kind="night_missed"}': ONE },
    silent: { 'nightbeam_alarms{kind="night_missed"}': "0+0x60" },
  },
  NightbeamEventLoopBlocked: {
    at: "7m",
    fires: { 'nodejs_eventloop_delay_p99_seconds{instance="a"}': "2+0x60" },
    silent: { 'nodejs_eventloop_delay_p99_seconds{instance="a"}': "0.02+0x60" },
  },
  NightbeamRedisErrors: {
    at: "12m",
    fires: { 'nightbeam_redis_errors_total{kind="refused"}': "0+1x60" },
    silent: { 'nightbeam_redis_errors_total{kind="refused"}': "1+0x60" },
  },
  NightbeamLocksLost: {
    at: "59m",
    fires: { nightbeam_drafter_lock_losses_total: "0+1x60" },
    silent: { nightbeam_drafter_lock_losses_total: "0+0x60" },
  },
  NightbeamAnswersDistrusted: {
    at: "5m",
    fires: { 'nightbeam_drafter_verifier_faults_total{kind="answers_wrong"}': "0 0 1+0x60" },
    silent: { 'nightbeam_drafter_verifier_faults_total{kind="answers_wrong"}': "0+0x60" },
  },
  NightbeamFewerUsers: {
    at: "1m",
    fires: nights("nightbeam_night_users", 700, 1_000),
    silent: nights("nightbeam_night_users", 900, 1_000),
  },
  NightbeamMoreRejects: {
    at: "1m",
    fires: {
      ...nights("nightbeam_night_rejected", 30, 10),
      ...nights("nightbeam_night_users", 900, 900),
    },
    silent: {
      ...nights("nightbeam_night_rejected", 3, 1),
      ...nights("nightbeam_night_users", 900, 900),
    },
  },
  NightbeamDraftAged: {
    at: "1m",
    fires: nights("nightbeam_night_calls_per_user", 3, 2),
    silent: nights("nightbeam_night_calls_per_user", 2.1, 2),
  },
  NightbeamListsChanged: {
    at: "1m",
    fires: { 'nightbeam_night_overlap_ratio{night="gold"}': "0.2+0x60" },
    silent: { 'nightbeam_night_overlap_ratio{night="gold"}': "0.8+0x60" },
  },
};

const withJob = (series: Series) =>
  Object.entries(series).map(([name, values]) => {
    const [metric, matchers] = name.split("{", 2);
    const labels = matchers === undefined ? "" : `, ${matchers.slice(0, -1)}`;
    return { series: `${metric}{job="nightbeam"${labels}}`, values };
  });

/** A test of promtool: how many series of the alert fire. */
function fires(alert: string, at: string, { series, count }: { series: Series; count: number }) {
  const expr = `count(ALERTS{alertname="${alert}", alertstate="firing"})`;
  const samples = count === 0 ? [] : [{ labels: "{}", value: count }];
  return {
    interval: "1m",
    input_series: withJob(series),
    promql_expr_test: [{ expr, eval_time: at, exp_samples: samples }],
  };
}

describe.skipIf(!prometheusIsHere())("the rules of infra/prometheus", () => {
  let directory: string;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "nightbeam-rules-"));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const promtool = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync("promtool", args, { encoding: "utf8" });
    expect(status, `${stdout}${stderr}`).toBe(0);
  };

  it("are valid", () => promtool("check", "rules", rulesFile));

  it("have a case for each alert", () => {
    expect(Object.keys(CASES).sort()).toEqual(
      writtenAlerts()
        .map(({ title }) => title)
        .sort(),
    );
  });

  it("fire for what they are for, and not without it", () => {
    const tests = Object.entries(CASES).flatMap(([alert, { at, fires: faulty, silent }]) => [
      fires(alert, at, { series: faulty, count: 1 }),
      fires(alert, at, { series: silent, count: 0 }),
    ]);
    const file = join(directory, "rules.test.json");
    // JSON is YAML.
    writeFileSync(
      file,
      JSON.stringify({ rule_files: [rulesFile], evaluation_interval: "1m", tests }),
    );
    promtool("test", "rules", file);
  });
});
