import type { RunStatus } from "@nightbeam/api";
import { clock, facts, whole } from "@nightbeam/service/terminal";
import { withFlags } from "../options/key-flags.js";
import { candidateFacts, proposedText } from "../recommend/candidate-facts.js";
import { reuseFacts, rowFacts } from "../recommend/row-facts.js";
import { localTime } from "./local-time.js";

/** Shards that are listed one by one. */
const MAX_LISTED = 5;

/** "8 of 14 shards are done", or what to say before the run is planned. */
export function shardsDone({ shards, state }: RunStatus): string {
  if (shards === undefined) return state === "refused" ? "it was refused" : "it is being planned";
  return `${whole(shards.done)} of ${whole(shards.total)} shards are done`;
}

/** All facts about a run, one per line. */
export function summary(run: RunStatus): string {
  const { users, shards, stats } = run;
  return facts([
    ["run", run.night === undefined ? run.id : `${run.id}, of night ${run.night}`],
    ["state", stateFact(run)],
    ...(run.priority === "normal" ? [] : ([["priority", run.priority]] as const)),
    ["users", usersFact(run)],
    ...rowFacts(stats),
    ...reuseFacts(run),
    ...candidatesFact(run),
    ...(shards === undefined ? [] : ([["shards", shardsFact(shards)]] as const)),
    ...(run.calls.searches === 0 ? [] : ([["target calls", callsFact(run)]] as const)),
    ...(stats.nodesPerUser === undefined
      ? []
      : ([["nodes", `${stats.nodesPerUser.toFixed(1)} per user`]] as const)),
    ["time", timeFact(run)],
    ...costFact(run),
    ...dueFact(run),
    ["lists", listsFact(run)],
    ...candidateFacts({ users: users.done - run.rejected, stats }),
    ...publicationFact(run),
    ...driftFact(run),
    ...setAsideFacts(run),
    ...(users.done > 0 && run.rejected > 0 ? ([["without list", rejectedFact(run)]] as const) : []),
  ]);
}

/** Target calls per user, including shards in progress. */
export function callsPerUser({ calls }: RunStatus): string {
  return calls.searches === 0 ? "" : `${(calls.calls / calls.searches).toFixed(2)} calls/user`;
}

/** Seconds from the submission to the end, or until now. */
export function secondsOf({ submittedAt, endedAt }: RunStatus, now: number): number {
  const end = endedAt === undefined ? now : Date.parse(endedAt);
  return Math.max(0, (end - Date.parse(submittedAt)) / 1_000);
}

function stateFact({ id, state, reason, pausedAt }: RunStatus): string {
  const why = reason === undefined ? state : `${state}: ${withFlags(reason)}`;
  if (pausedAt === undefined) return why;
  const remedy = `\`nightbeam resume ${id}\` lets it go on`;
  return state === "planning"
    ? `${why}; paused when it is planned (${remedy})`
    : `${why}; ${remedy}`;
}

function usersFact({ users, state }: RunStatus): string {
  if (users.total === undefined) {
    return users.read === undefined ? "not counted yet" : `${whole(users.read)} read so far`;
  }
  return state === "complete"
    ? whole(users.total)
    : `${whole(users.done)} of ${whole(users.total)}`;
}

function shardsFact(shards: NonNullable<RunStatus["shards"]>): string {
  const { total, done, active, waiting, setAside } = shards;
  if (done === total) return whole(total);
  const parts = [`${whole(done)} of ${whole(total)} done`];
  if (active > 0) parts.push(`${whole(active)} active`);
  if (waiting > 0) parts.push(`${whole(waiting)} waiting`);
  if (setAside > 0) parts.push(`${whole(setAside)} set aside`);
  return parts.join(", ");
}

function callsFact({ calls }: RunStatus): string {
  return `${(calls.calls / calls.searches).toFixed(2)} per user`;
}

function timeFact(run: RunStatus): string {
  const took = clock(secondsOf(run, Date.now()));
  const rate = run.stats.usersPerSecond;
  return `${took} since it was submitted${rate === undefined ? "" : `, ${rate.toFixed(1)} users/s`}`;
}

function costFact({ cost }: RunStatus): [name: string, value: string][] {
  return cost === undefined ? [] : [["cost", costText(cost)]];
}

function candidatesFact({ candidates }: RunStatus): [name: string, value: string][] {
  return candidates === undefined ? [] : [["candidates", proposedText(candidates)]];
}

function publicationFact({ publication }: RunStatus): [name: string, value: string][] {
  if (publication === undefined) return [];
  const { state, name, version, at, reason } = publication;
  const what = {
    waiting: `as ${name}, when they are complete`,
    published: `as ${name}: readers were switched to ${version}${at === undefined ? "" : ` at ${localTime(at)}`}`,
    failed: `not yet: ${reason}`,
  };
  return [["published", what[state]]];
}

function driftFact({ drift }: RunStatus): [name: string, value: string][] {
  if (drift === undefined) return [];
  const { against, users, sampledUsers, overlap } = drift;
  const change = users.now - users.before;
  const counted = `${whole(Math.abs(change))} ${change < 0 ? "fewer" : "more"} users`;
  const same =
    overlap === undefined
      ? []
      : [`${(100 * overlap).toFixed(1)}% of the items are the same (${whole(sampledUsers)} users)`];
  const parts = [change === 0 ? "as many users" : counted, ...same];
  return [["night before", `${parts.join(", ")}: ${against}`]];
}

/** Money if there are prices, and the time of nodes. */
export function costText({
  drafterSeconds,
  verifierSeconds,
  price,
}: NonNullable<RunStatus["cost"]>): string {
  const work = `${clock(drafterSeconds)} of drafters, ${clock(verifierSeconds)} of verifiers`;
  if (price === undefined) return work;
  const { currency, total, perMillionUsers } = price;
  const rate = perMillionUsers === undefined ? "" : `, ${money(perMillionUsers)} per million users`;
  return `${money(total)} ${currency}${rate} (${work})`;
}

/** With as many digits as a reader needs: 1,234, 12.34, 0.0123. */
function money(amount: number): string {
  return amount.toLocaleString(
    "en",
    amount >= 1_000
      ? { maximumFractionDigits: 0 }
      : amount >= 1
        ? { minimumFractionDigits: 2, maximumFractionDigits: 2 }
        : { maximumSignificantDigits: 3 },
  );
}

function dueFact({ dueAt, expectedAt }: RunStatus): [name: string, value: string][] {
  const expected = expectedAt === undefined ? "" : `ends about ${localTime(expectedAt)}`;
  if (dueAt === undefined) return expected === "" ? [] : [["expected", expected]];
  const late = expectedAt !== undefined && expectedAt > dueAt ? ", which is late" : "";
  return [["due", `${localTime(dueAt)}${expected === "" ? "" : `; ${expected}${late}`}`]];
}

function listsFact({ out, state, shards }: RunStatus): string {
  if (state !== "complete") return `${out} (incomplete: no manifest yet)`;
  const count = shards?.total ?? 0;
  return `${out}/manifest.json names ${whole(count)} part ${count === 1 ? "file" : "files"}`;
}

function rejectedFact({ rejected, out, state }: RunStatus): string {
  return state === "complete"
    ? `${whole(rejected)} rows: ${out}/rejected.jsonl`
    : `${whole(rejected)} rows`;
}

function setAsideFacts({ setAside }: RunStatus): [name: string, value: string][] {
  const named = setAside.slice(0, MAX_LISTED).map(({ index, firstRow, rowCount, reason }) => {
    const rows = `rows ${firstRow}–${firstRow + rowCount - 1}`;
    return ["set aside", `shard ${index} (${rows}): ${withFlags(reason)}`] satisfies [
      string,
      string,
    ];
  });
  const rest = setAside.length - named.length;
  return rest > 0 ? [...named, ["", `and ${rest} more: see partial.json`]] : named;
}
