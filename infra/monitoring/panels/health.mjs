// Stores, Redis and processes.
import { quantile, rate } from "./promql.mjs";

export const HEALTH_ROWS = [
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
];
