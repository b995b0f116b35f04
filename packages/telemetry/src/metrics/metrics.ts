import type { ServiceName } from "./definition.js";
import type { LabelsOf, MetricName, NamesOf } from "./table.js";

export interface MetricsOptions {
  readonly service: ServiceName;
  readonly version: string;
}

/** The labels of a metric; nothing if it has none. */
export type LabelArguments<Name extends MetricName> = keyof LabelsOf<Name> extends never
  ? []
  : [labels: LabelsOf<Name>];

/** Counts and measures while something happens. Cheap enough for every call of a verifier. */
export interface Recorder {
  add<Name extends NamesOf<"counter">>(
    name: Name,
    value: number,
    ...labels: LabelArguments<Name>
  ): void;
  record<Name extends NamesOf<"histogram">>(
    name: Name,
    value: number,
    ...labels: LabelArguments<Name>
  ): void;
}

/** Sets the value of a gauge or an observable counter. */
export type SetValue = <Name extends NamesOf<"gauge" | "observable-counter">>(
  name: Name,
  value: number,
  ...labels: LabelArguments<Name>
) => void;

/** What a thread has counted and measured, for the thread that exports it. */
export type Recorded = readonly {
  readonly name: NamesOf<"counter" | "histogram">;
  readonly value: number;
  readonly labels: object | undefined;
}[];

/** The metrics of a service. */
export interface Metrics extends Recorder {
  /**
   * Reads gauges whenever the metrics are asked for. Values that `read` does not set are absent, and so are all of its
   * values if it throws.
   */
  observe(read: (set: SetValue) => void | Promise<void>): void;
  /** Takes over what a thread has recorded with `openRelay`. */
  replay(recorded: Recorded): void;
}

/** Metrics of a service that exports none. */
export const noMetrics: Metrics = {
  add: () => undefined,
  record: () => undefined,
  observe: () => undefined,
  replay: () => undefined,
};
