// The alerts of infra/prometheus/rules.yml. `job` names a cluster: all its services are scraped by one job. Every scheduler
// reports what all of them share, so figures of the scheduler are a maximum, never a sum.

/** A run is in progress. */
const RUNNING = 'max by (job) (nightbeam_runs{state="running"}) > 0';

/** Services of a kind that Prometheus reaches. */
const serving = (service) => `count by (job) (nightbeam_build_info{service="${service}"})`;

/** The latest complete run of a night, and the one before. */
const nightly = (name, run) => `max by (job, night) (${name}{run="${run}"})`;

/**
 * Name, PromQL, how long it must hold, severity, what it says to people, and the page that says what to do.
 *
 * critical: a night may be late or wrong. warning: look at it in the morning.
 */
export const ALERTS = [
  {
    name: "NightbeamNoScheduler",
    expr: `count by (job) (nightbeam_build_info{service=~"drafter|verifier"}) unless ${serving("scheduler")}`,
    for: "2m",
    severity: "critical",
    summary: "No scheduler answers",
    description:
      "Shards that are planned are done, but no run starts, is planned or ends. Start the scheduler.",
    runbook: "cluster.md#failures-and-their-cost",
  },
  {
    name: "NightbeamNoDrafter",
    expr: `${RUNNING} unless ${serving("drafter")}`,
    for: "5m",
    severity: "critical",
    summary: "A run is in progress, and no drafter answers",
    description: "Nothing takes the run's shards. Start drafters, or see why they end.",
    runbook: "alarms.md#a-run-that-stands-still",
  },
  {
    name: "NightbeamNoVerifier",
    expr: `${RUNNING} unless ${serving("verifier")}`,
    for: "5m",
    severity: "critical",
    summary: "A run is in progress, and no verifier answers",
    description: "Drafters wait. Start verifiers with the run's target, on its kind of device.",
    runbook: "alarms.md#alarms",
  },
  {
    name: "NightbeamNoProgress",
    expr: `${RUNNING} unless sum by (job) (increase(nightbeam_drafter_users_total[5m])) > 0`,
    for: "5m",
    severity: "critical",
    summary: "A run is in progress, and no users get lists",
    description: "`nightbeam status RUN` says what it waits for.",
    runbook: "alarms.md#a-run-that-stands-still",
  },
  {
    name: "NightbeamNightLate",
    expr: "max by (job, night) (nightbeam_run_lateness_seconds) > 0",
    for: "5m",
    severity: "critical",
    summary: "The run will be complete {{ $value | humanizeDuration }} after its due time",
    description: "Start more drafters and verifiers, or remove what holds it up.",
    runbook: "alarms.md#due-times",
  },
  {
    name: "NightbeamQueueOld",
    expr: "max by (job) (nightbeam_queue_oldest_age_seconds) > 6 * 3600",
    for: "5m",
    severity: "warning",
    summary: "A shard has waited for {{ $value | humanizeDuration }}",
    description: "There are too few drafters for the runs, or they do not take this run.",
    runbook: "cluster.md#sizing",
  },
  {
    name: "NightbeamVerifiersSaturated",
    expr: 'avg by (job) (rate(nightbeam_verifier_busy_time_seconds_total[10m])) > 0.95 and sum by (job) (nightbeam_verifier_rows{state="waiting"}) > 0',
    for: "15m",
    severity: "warning",
    summary: "All verifiers compute {{ $value | humanizePercentage }} of the time, and calls wait",
    description:
      "The verifiers limit the night. More of them make it faster; more drafters do not.",
    runbook: "cluster.md#sizing",
  },
  {
    name: "NightbeamStoreFailing",
    expr: 'sum by (job, operation) (increase(nightbeam_store_operation_duration_seconds_count{outcome="failed"}[5m])) > 0',
    for: "5m",
    severity: "critical",
    summary: "The store refuses: {{ $labels.operation }}",
    description:
      "Drafters keep computed lists and wait until the run is due. Mend the store, its mount or the credentials.",
    runbook: "failures.md#what-drafters-do-when-something-fails",
  },
  {
    name: "NightbeamAlarm",
    expr: "max by (job, kind) (nightbeam_alarms) > 0",
    for: "1m",
    severity: "warning",
    summary: "Alarm {{ $labels.kind }} stands",
    description: "`nightbeam status` has its message.",
    runbook: "alarms.md#alarms",
  },
  {
    name: "NightbeamEventLoopBlocked",
    expr: "max by (job, instance) (nodejs_eventloop_delay_p99_seconds) > 1",
    for: "5m",
    severity: "warning",
    summary: "The event loop of {{ $labels.instance }} is late by {{ $value | humanizeDuration }}",
    description:
      "Locks may expire, and shards be done twice. Give the process more of a processor, or fewer threads.",
    runbook: "metrics.md",
  },
  {
    name: "NightbeamRedisErrors",
    expr: "sum by (job, kind) (increase(nightbeam_redis_errors_total[5m])) > 0",
    for: "5m",
    severity: "warning",
    summary: "Redis fails again and again: {{ $labels.kind }}",
    description: "Work in progress may be done twice. See Redis' log, its memory and its disk.",
    runbook: "failures.md#what-redis-must-be",
  },
  {
    name: "NightbeamLocksLost",
    expr: "sum by (job) (increase(nightbeam_drafter_lock_losses_total[30m])) > 0",
    for: "30m",
    severity: "warning",
    summary: "Drafters lose the locks of shards that they work on",
    description: "These shards are done twice. Raise --lock-ms, or see why drafters pause.",
    runbook: "failures.md#start-and-stop",
  },
  {
    name: "NightbeamAnswersDistrusted",
    expr: "sum by (job, kind) (increase(nightbeam_drafter_verifier_faults_total[1h])) > 0",
    for: "0m",
    severity: "critical",
    summary: "A verifier's answers are not believed: {{ $labels.kind }}",
    description:
      "Find it in `nightbeam status`, and have the shards that it answered computed again.",
    runbook: "answers.md",
  },
  {
    name: "NightbeamFewerUsers",
    expr: `${nightly("nightbeam_night_users", "latest")} < 0.8 * ${nightly("nightbeam_night_users", "before")}`,
    for: "0m",
    severity: "warning",
    summary: "Night {{ $labels.night }} has a fifth fewer users than the one before",
    description: "Look at the histories that it read.",
    runbook: "metrics.md",
  },
  {
    name: "NightbeamMoreRejects",
    expr: `${nightly("nightbeam_night_rejected", "latest")} > 2 * ${nightly("nightbeam_night_rejected", "before")} and ${nightly("nightbeam_night_rejected", "latest")} > 0.01 * ${nightly("nightbeam_night_users", "latest")}`,
    for: "0m",
    severity: "warning",
    summary:
      "Night {{ $labels.night }} has {{ $value }} rows without a list, twice as many as before",
    description: "The run's rejected.jsonl has the reasons.",
    runbook: "metrics.md",
  },
  {
    name: "NightbeamDraftAged",
    expr: `${nightly("nightbeam_night_calls_per_user", "latest")} > 1.2 * ${nightly("nightbeam_night_calls_per_user", "before")}`,
    for: "0m",
    severity: "warning",
    summary: "Night {{ $labels.night }} needed a fifth more calls per user than the one before",
    description:
      "Lists are exact, but cost more: the draft guesses worse. Align it with the target again.",
    runbook: "drafts.md",
  },
  {
    name: "NightbeamListsChanged",
    expr: "min by (job, night) (nightbeam_night_overlap_ratio) < 0.3",
    for: "0m",
    severity: "warning",
    summary:
      "Lists of night {{ $labels.night }} share {{ $value | humanizePercentage }} of their items with the night before",
    description: "Look at the model, the catalogue and the histories before you publish them.",
    runbook: "metrics.md",
  },
];
