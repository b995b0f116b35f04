/** How urgent a run is among the others. Runs of the same priority are done in the order of their submission. */
export const RUN_PRIORITIES = ["urgent", "normal", "low"] as const;

export type RunPriority = (typeof RUN_PRIORITIES)[number];

/** The priority of a run that names none. */
export const DEFAULT_PRIORITY: RunPriority = "normal";

/**
 * The priority of a job in BullMQ, where lower numbers come first. Not 0: jobs without a priority come
 * before all others, and those of earlier versions have none.
 */
export function jobPriority(priority: RunPriority): number {
  return RUN_PRIORITIES.indexOf(priority) + 1;
}
