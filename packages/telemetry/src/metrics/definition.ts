/** The services that export metrics. */
export const SERVICES = ["scheduler", "drafter", "verifier", "server"] as const;

export type ServiceName = (typeof SERVICES)[number];

/** The values of a label that are not known in advance, and why there are few. */
export interface OpenValues {
  readonly few: string;
}

/** A metric, as OpenTelemetry describes it. */
export interface MetricDefinition {
  /** Observable ones are read when the metrics are asked for. */
  readonly kind: "counter" | "observable-counter" | "gauge" | "histogram";
  /** In UCUM: `s`, `By`, `1` for a ratio, `{call}` for a count. */
  readonly unit: string;
  readonly description: string;
  readonly services: readonly ServiceName[];
  /** The labels, each with all its values. Default: none. */
  readonly labels?: Readonly<Record<string, readonly string[] | OpenValues>>;
  /** The upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

/** Seconds, from a call on the same machine to a shard. */
export const SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800,
] as const;

/** Users of a batch, or calls. */
export const COUNTS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024] as const;

/** Rows of a pass of the model. */
export const ROWS = [64, 256, 512, 1_024, 2_048, 4_096, 8_192, 16_384, 65_536] as const;

export const NIGHT = { few: "names of nights; empty for runs that are not a night's" } as const;
