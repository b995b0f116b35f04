// The panels of infra/grafana/nightbeam.json: per row of the dashboard, [title, unit, queries, what it says]. A query is
// PromQL, or PromQL and the legend. Every scheduler reports what all share: a maximum, never a sum.

const users = "sum(rate(nightbeam_drafter_users_total[$__rate_interval]))";
const searches = "sum(rate(nightbeam_drafter_searches_total[$__rate_interval]))";
const rate = (name, by = "") => `sum${by} (rate(${name}[$__rate_interval]))`;
const quantile = (q, name, by = "") =>
  `histogram_quantile(${q}, sum by (le${by}) (rate(${name}_bucket[$__rate_interval])))`;
const mean = (name, by = "") => `${rate(`${name}_sum`, by)} / ${rate(`${name}_count`, by)}`;
const p50and95 = (name) => [
  [quantile(0.5, name), "median"],
  [quantile(0.95, name), "95%"],
];

export const ROWS = [
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
      ["Users per second", "none", [[users, "users"]], "Rows that are done, by all drafters."],
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
    title: "The search",
    panels: [
      [
        "Calls per user",
        "none",
        [[`${rate("nightbeam_drafter_calls_total")} / ${searches}`, "calls"]],
        "Target calls per search. Plain search needs one per level.",
      ],
      [
        "Nodes per user",
        "none",
        [
          [
            `${rate("nightbeam_drafter_nodes_total", " by (asked)")} / scalar(${searches})`,
            "{{asked}}",
          ],
        ],
        "Prefixes that the target was asked about: missing in the search, or drafted.",
      ],
      [
        "Draft's hits",
        "percentunit",
        [
          [
            `${rate("nightbeam_drafter_draft_hits_total")} / ${rate('nightbeam_drafter_nodes_total{asked="drafted"}')}`,
            "all drafters",
          ],
        ],
        "Share of the drafted nodes that the search needed later.",
      ],
      [
        "Levels without a call of their own",
        "none",
        [[`${rate("nightbeam_drafter_accepted_levels_total")} / ${searches}`, "levels"]],
        "Per search, because they were drafted.",
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
    title: "Verifiers",
    panels: [
      [
        "Busy",
        "percentunit",
        [
          [
            "avg by (instance, device) (rate(nightbeam_verifier_busy_time_seconds_total[$__rate_interval]))",
            "{{instance}} {{device}}",
          ],
        ],
        "Share of the time that a lane computes.",
      ],
      [
        "Rows that wait and run",
        "none",
        [["sum by (state) (nightbeam_verifier_rows)", "{{state}}"]],
        "Prompt tokens and nodes. If rows wait all the time, verifiers limit the night.",
      ],
      [
        "Calls",
        "none",
        [[rate("nightbeam_verifier_calls_total", " by (result)"), "{{result}}"]],
        "Per second, by result.",
      ],
      [
        "Calls and users per pass",
        "none",
        [
          [mean("nightbeam_verifier_batch_calls"), "calls"],
          [
            `${rate("nightbeam_verifier_users_total")} / ${rate("nightbeam_verifier_pass_duration_seconds_count")}`,
            "users",
          ],
        ],
        "What shares a pass of the model.",
      ],
      [
        "Rows per pass",
        "none",
        [[mean("nightbeam_verifier_batch_rows"), "rows"]],
        "Prompt tokens and nodes.",
      ],
      [
        "Waits",
        "s",
        [
          [quantile(0.95, "nightbeam_verifier_queue_wait_seconds"), "for a busy lane, 95%"],
          [quantile(0.95, "nightbeam_verifier_batch_wait_seconds"), "for a fuller batch, 95%"],
        ],
        "Of answered calls.",
      ],
      [
        "Time of a pass",
        "s",
        [
          [
            quantile(0.95, "nightbeam_verifier_pass_duration_seconds", ", program"),
            "{{program}}, 95%",
          ],
        ],
        "Of the model.",
      ],
      [
        "Cached prompts",
        "percentunit",
        [
          [
            `${rate('nightbeam_verifier_prompts_total{cache="hit"}')} / ${rate("nightbeam_verifier_prompts_total")}`,
            "hits",
          ],
        ],
        "Share of the prompts of tree calls whose keys and values were kept.",
      ],
      [
        "Bytes",
        "Bps",
        [[rate("nightbeam_verifier_io_bytes_total", " by (direction)"), "{{direction}}"]],
        "Of the messages of calls.",
      ],
      [
        "Memory of cached prompts",
        "bytes",
        [
          ["sum by (instance) (nightbeam_verifier_prompt_cache_usage_bytes)", "{{instance}}"],
          [rate("nightbeam_verifier_prompt_cache_evictions_total"), "dropped per second"],
        ],
        "Many dropped prompts mean that --prompt-cache is small.",
      ],
    ],
  },
  {
    title: "Calls from drafters to verifiers",
    panels: [
      [
        "Where calls spend their time",
        "percentunit",
        [
          [
            `${rate("nightbeam_drafter_verify_time_seconds_total", " by (part)")} / scalar(${rate("nightbeam_drafter_verify_time_seconds_total")})`,
            "{{part}}",
          ],
        ],
        "Waiting in the verifier, for a full batch, the model, and network with packing.",
      ],
      [
        "Time of a call",
        "s",
        p50and95("nightbeam_drafter_verify_duration_seconds"),
        "From sending to the answer.",
      ],
      [
        "Time that tries waited for a verifier",
        "s",
        [[quantile(0.95, "nightbeam_drafter_verify_wait_seconds"), "95%"]],
        "That takes calls.",
      ],
      [
        "Failed tries",
        "none",
        [[rate("nightbeam_drafter_verify_retries_total", " by (reason)"), "{{reason}}"]],
        "Per second, by reason.",
      ],
      [
        "Checked answers",
        "none",
        [
          [rate("nightbeam_drafter_verify_audits_total", " by (outcome)"), "audit: {{outcome}}"],
          [rate("nightbeam_drafter_verifier_faults_total", " by (kind)"), "{{kind}}"],
        ],
        "Calls that a second verifier was asked as well, and verifiers that were not believed.",
      ],
      [
        "Users per batch",
        "none",
        [[mean("nightbeam_drafter_batch_users"), "users"]],
        "That are decoded together.",
      ],
      [
        "Time of a batch",
        "s",
        p50and95("nightbeam_drafter_batch_duration_seconds"),
        "From the first draft to the lists.",
      ],
    ],
  },
  {
    title: "Store, Redis and processes",
    panels: [
      [
        "Time of store operations",
        "s",
        [
          [
            quantile(0.95, "nightbeam_store_operation_duration_seconds", ", operation"),
            "{{operation}}, 95%",
          ],
        ],
        "Of runs, and of the scheduler's state.",
      ],
      [
        "Failed store operations",
        "none",
        [
          [
            rate(
              'nightbeam_store_operation_duration_seconds_count{outcome="failed"}',
              " by (operation)",
            ),
            "{{operation}}",
          ],
        ],
        "Per second.",
      ],
      [
        "Redis errors",
        "none",
        [[rate("nightbeam_redis_errors_total", " by (kind)"), "{{kind}}"]],
        "Per second: lost connections, and commands that Redis refused.",
      ],
      [
        "Event loops",
        "s",
        [["max by (instance) (nodejs_eventloop_delay_p99_seconds)", "{{instance}}"]],
        "99% of the delays in the last 10 s are below. Above 1 s, locks are at risk.",
      ],
      [
        "Processors",
        "none",
        [[rate("process_cpu_time_seconds_total", " by (instance)"), "{{instance}}"]],
        "Cores in use.",
      ],
      [
        "Memory",
        "bytes",
        [["max by (instance) (process_memory_usage_bytes)", "{{instance}}"]],
        "Resident.",
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
