// The night as a whole: its progress, the queue, costs and drift.
import { p50and95, rate } from "./promql.mjs";

export const NIGHT_ROWS = [
  {
    title: "The night",
    stats: [
      ["Runs in progress", "none", 'max(nightbeam_runs{state="running"})'],
      [
        "Users done",
        "percentunit",
        'max(sum by (instance) (nightbeam_run_users{state="done"}) / sum by (instance) (nightbeam_run_users{state="total"}))',
      ],
      ["Time left", "s", "max(nightbeam_run_remaining_seconds)"],
      ["After the due time", "s", "max(nightbeam_run_lateness_seconds)"],
      ["Alarms", "none", "max(sum by (instance) (nightbeam_alarms))"],
      [
        "Drafters, verifiers",
        "none",
        'count by (service) (nightbeam_build_info{service=~"drafter|verifier"})',
      ],
    ],
    panels: [
      [
        "Progress",
        "none",
        [["max by (night, state) (nightbeam_run_users)", "{{night}} {{state}}"]],
        "Users of the runs in progress: in total, committed, and done in shards in progress.",
      ],
      [
        "Shards of runs",
        "none",
        [["max by (state) (nightbeam_run_shards)", "{{state}}"]],
        "Shards of the runs in progress.",
      ],
      [
        "Users per second",
        "none",
        [[rate("nightbeam_drafter_users_total"), "users"]],
        "Rows that are done, by all drafters.",
      ],
      [
        "Time left, and after the due time",
        "s",
        [
          ["max by (night) (nightbeam_run_remaining_seconds)", "{{night}} left"],
          ["max by (night) (nightbeam_run_lateness_seconds)", "{{night}} after the due time"],
        ],
        "Below 0: before the due time.",
      ],
    ],
  },
  {
    title: "The queue",
    panels: [
      [
        "Shards in the queue",
        "none",
        [["max by (state) (nightbeam_queue_shards)", "{{state}}"]],
        "Of all runs. Delayed ones are tried again later.",
      ],
      [
        "Age of the oldest shard",
        "s",
        [["max(nightbeam_queue_oldest_age_seconds)", "age"]],
        "Since it was added.",
      ],
      [
        "Shards that drafters took",
        "none",
        [[rate("nightbeam_drafter_shards_total", " by (outcome)"), "{{outcome}}"]],
        "Per second, by what became of them.",
      ],
      [
        "Time of a shard",
        "s",
        p50and95("nightbeam_drafter_shard_duration_seconds"),
        "From taking it to its commit.",
      ],
      [
        "Locks",
        "none",
        [
          [rate("nightbeam_drafter_lock_renewals_total"), "renewed"],
          [rate("nightbeam_drafter_lock_losses_total"), "lost"],
        ],
        "Per second. A shard whose lock is lost is done again.",
      ],
      [
        "Time of a reconcile pass",
        "s",
        p50and95("nightbeam_reconcile_duration_seconds"),
        "Of the scheduler, over all open runs.",
      ],
    ],
  },
  {
    title: "Cost and drift",
    panels: [
      [
        "Cost of the latest run",
        "none",
        [["max by (night, currency) (nightbeam_run_cost)", "{{night}} {{currency}}"]],
        "By the scheduler's --prices.",
      ],
      [
        "Time of nodes for the latest run",
        "s",
        [["max by (night, role) (nightbeam_run_node_time_seconds)", "{{night}} {{role}}"]],
        "",
      ],
      [
        "Calls per user, night by night",
        "none",
        [["max by (night, run) (nightbeam_night_calls_per_user)", "{{night}} {{run}}"]],
        "More than before: the draft has aged.",
      ],
      [
        "Lists that stayed",
        "percentunit",
        [
          ["min by (night) (nightbeam_night_overlap_ratio)", "{{night}} items"],
          ["min by (night) (nightbeam_night_same_first_ratio)", "{{night}} first item"],
        ],
        "Share of the items, and of the first items, that a user had the night before.",
      ],
      [
        "Users of nights",
        "none",
        [["max by (night, run) (nightbeam_night_users)", "{{night}} {{run}}"]],
        "",
      ],
      [
        "Rows without a list",
        "none",
        [["max by (night, run) (nightbeam_night_rejected)", "{{night}} {{run}}"]],
        "",
      ],
    ],
  },
];
