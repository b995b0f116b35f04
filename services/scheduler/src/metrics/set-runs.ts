import { type RunStatus, runStateSchema } from "@nightbeam/api";
import type { SetValue } from "@nightbeam/telemetry";

/** Sets what is known of runs: those in progress added up by night, and the latest run of each night. */
export function setRuns(
  set: SetValue,
  { runs, now }: { readonly runs: readonly RunStatus[]; readonly now: number },
): void {
  for (const state of runStateSchema.options) {
    set("nightbeam.runs", runs.filter((run) => run.state === state).length, { state });
  }
  const inProgress = runs.filter(({ state }) => state === "running");
  for (const [night, some] of byNight(inProgress)) setProgress(set, { night, runs: some, now });
  for (const [night, some] of byNight(runs)) {
    const [latest] = some;
    if (latest !== undefined) setCost(set, { night, latest });
    const compared = some.find(({ drift }) => drift !== undefined);
    if (night !== "" && compared?.drift !== undefined)
      setDrift(set, { night, drift: compared.drift });
  }
}

/** Runs by the night that started them, empty for others, each latest first. */
function byNight(runs: readonly RunStatus[]): ReadonlyMap<string, readonly RunStatus[]> {
  const groups = new Map<string, RunStatus[]>();
  for (const run of runs) {
    const { night = "" } = run;
    groups.set(night, [...(groups.get(night) ?? []), run]);
  }
  return groups;
}

function setProgress(
  set: SetValue,
  { night, runs, now }: { night: string; runs: readonly RunStatus[]; now: number },
): void {
  const sum = (of: (run: RunStatus) => number) => runs.reduce((total, run) => total + of(run), 0);
  const users = [
    ["total", sum(({ users }) => users.total ?? 0)],
    ["done", sum(({ users }) => users.done)],
    ["under_way", sum(({ users }) => users.underWay)],
  ] as const;
  for (const [state, value] of users) set("nightbeam.run.users", value, { night, state });
  const shards = [
    ["done", sum(({ shards }) => shards?.done ?? 0)],
    ["active", sum(({ shards }) => shards?.active ?? 0)],
    ["waiting", sum(({ shards }) => shards?.waiting ?? 0)],
    ["set_aside", sum(({ shards }) => shards?.setAside ?? 0)],
  ] as const;
  for (const [state, value] of shards) set("nightbeam.run.shards", value, { night, state });
  const ends = runs.flatMap(({ expectedAt }) => epochOf(expectedAt));
  if (ends.length > 0) {
    set("nightbeam.run.remaining", Math.max(0, Math.max(...ends) - now) / 1e3, { night });
  }
  const late = runs.flatMap(({ expectedAt, dueAt }) => {
    const [due] = epochOf(dueAt);
    if (due === undefined) return [];
    const [end] = epochOf(expectedAt);
    // Without an estimate, it is as late as it has become already.
    if (end === undefined) return now > due ? now - due : [];
    return Math.max(end, now) - due;
  });
  if (late.length > 0) set("nightbeam.run.lateness", Math.max(...late) / 1e3, { night });
}

function setCost(set: SetValue, { night, latest }: { night: string; latest: RunStatus }): void {
  const { cost } = latest;
  if (cost === undefined) return;
  set("nightbeam.run.node.time", cost.drafterSeconds, { night, role: "drafter" });
  set("nightbeam.run.node.time", cost.verifierSeconds, { night, role: "verifier" });
  const { price } = cost;
  if (price !== undefined)
    set("nightbeam.run.cost", price.total, { night, currency: price.currency });
}

function setDrift(
  set: SetValue,
  { night, drift }: { night: string; drift: NonNullable<RunStatus["drift"]> },
): void {
  const { users, rejected, callsPerUser, overlap, sameFirst } = drift;
  const pairs = [
    ["nightbeam.night.users", users],
    ["nightbeam.night.rejected", rejected],
    ["nightbeam.night.calls_per_user", callsPerUser],
  ] as const;
  for (const [name, values] of pairs) {
    if (values === undefined) continue;
    set(name, values.now, { night, run: "latest" });
    set(name, values.before, { night, run: "before" });
  }
  if (overlap !== undefined) set("nightbeam.night.overlap", overlap, { night });
  if (sameFirst !== undefined) set("nightbeam.night.same_first", sameFirst, { night });
}

function epochOf(time: string | undefined): number[] {
  return time === undefined ? [] : [Date.parse(time)];
}
