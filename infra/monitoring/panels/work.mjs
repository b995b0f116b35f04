// What drafters and verifiers do.
import { mean, p50and95, quantile, rate } from "./promql.mjs";

const searches = rate("nightbeam_drafter_searches_total");

export const WORK_ROWS = [
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
            `${rate("nightbeam_drafter_draft_hits_total", " by (draft)")} / ${rate('nightbeam_drafter_nodes_total{asked="drafted"}', " by (draft)")}`,
            "{{draft}}",
          ],
        ],
        "Share of the drafted nodes that the search needed later, by kind of draft.",
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
];
