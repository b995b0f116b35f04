import type { Outcome } from "./strike.js";

/** A night under faults, compared with the lists of one machine. */
export interface NightOutcome {
  readonly state: string;
  readonly users: number;
  readonly lost: number;
  readonly doubled: number;
  readonly differing: number;
}

export interface CampaignReport {
  readonly seeds: readonly number[];
  readonly nights: readonly NightOutcome[];
  readonly steps: readonly Outcome[];
}

/** Whether every night was complete and exact, and the cluster recovered from every fault. */
export function isSound({ nights, steps }: CampaignReport): boolean {
  const exact = nights.every(
    ({ state, lost, doubled, differing }) =>
      state === "complete" && lost + doubled + differing === 0,
  );
  return exact && steps.every(({ problems }) => problems.length === 0);
}

/** The report in Markdown. */
export function reportText(report: CampaignReport): string {
  const { seeds, nights, steps } = report;
  const sum = (of: (night: NightOutcome) => number) =>
    nights.reduce((total, night) => total + of(night), 0);
  const complete = nights.filter(({ state }) => state === "complete").length;
  const faults = steps.flatMap(({ kinds }) => kinds);
  const pairs = steps.filter(({ kinds }) => kinds.length > 1).length;
  const kinds = [...new Set(faults)].sort();
  const recovered = steps.flatMap(({ recoveryMs }) => recoveryMs ?? []);
  const lines = [
    `Seed ${seeds.join(", ")}: ${faults.length} faults of ${kinds.length} kinds, ${pairs} times two at once, in ${nights.length} nights.`,
    "",
    `Nights complete: ${complete} of ${nights.length}. Users: ${sum(({ users }) => users)}. ` +
      `Lost: ${sum(({ lost }) => lost)}. Doubled: ${sum(({ doubled }) => doubled)}. ` +
      `Lists that differ from one machine's: ${sum(({ differing }) => differing)}.`,
    "",
    `Next commit after the fault was mended: median ${seconds(median(recovered))}, longest ${seconds(Math.max(0, ...recovered))}.`,
    "",
    "| fault | times | survived | next commit after it was mended, median | longest | longest standstill |",
    "| --- | --- | --- | --- | --- | --- |",
    ...kinds.map((kind) => {
      const own = steps.filter((step) => step.kinds.includes(kind));
      const survived = own.filter(({ problems }) => problems.length === 0);
      const recoveries = own.flatMap(({ recoveryMs }) => recoveryMs ?? []);
      const standstill = Math.max(...own.map(({ standstillMs }) => standstillMs));
      return `| ${[
        kind,
        own.length,
        survived.length,
        seconds(median(recoveries)),
        seconds(Math.max(0, ...recoveries)),
        seconds(standstill),
      ].join(" | ")} |`;
    }),
  ];
  const problems = steps.flatMap(({ kinds, problems }) =>
    problems.map((problem) => `- ${kinds.join(" + ")}: ${problem}`),
  );
  if (problems.length > 0) lines.push("", "Problems:", "", ...problems);
  return lines.join("\n");
}

function median(all: readonly number[]): number {
  return all.toSorted((a, b) => a - b)[all.length >> 1] ?? 0;
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
