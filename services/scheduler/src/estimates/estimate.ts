import type { RunEstimate, RunStatus } from "@nightbeam/api";
import type { RunCost } from "@nightbeam/run";

/** What an estimate is made from. */
export interface EstimateFacts {
  /** Input rows. */
  readonly rows: number;
  readonly partSize: number;
  /** Nodes that take work. Undefined without a connection to NATS. */
  readonly nodes: { readonly drafters: number; readonly verifiers: number } | undefined;
  /** The latest complete run with the same models and settings. */
  readonly like: RunStatus | undefined;
  /** Milliseconds per user that the verifiers together would need, by the costs that they measured. */
  readonly msPerUser: number | undefined;
  /** Calls per user without a draft. */
  readonly plainCalls: number;
  /** Whether lists are to be taken from an earlier run. Default: false. */
  readonly reuses?: boolean;
  /** Whether items are proposed. Default: false. */
  readonly proposes?: boolean;
}

/** What a run will probably take. */
export function estimate(facts: EstimateFacts): RunEstimate {
  const { rows, partSize, nodes } = facts;
  const size = { rows, partSize, shards: Math.ceil(rows / partSize) };
  const known = {
    ...size,
    ...(nodes === undefined ? {} : { nodes }),
    notes: notesOf(facts),
  };
  const { like } = facts;
  if (like !== undefined && computedUsers(like) > 0) return { ...known, ...asBefore(like, facts) };
  const callsPerUser = facts.plainCalls;
  const calls = callsPerUser * rows;
  const { msPerUser } = facts;
  if (msPerUser === undefined) return { ...known, basis: { kind: "nothing" }, callsPerUser, calls };
  const seconds = (msPerUser * rows) / 1_000;
  return { ...known, basis: { kind: "costs" }, callsPerUser, calls, seconds };
}

/** Users of a run whose lists were not taken from an earlier one, which costs nothing. */
export function computedUsers({ users, stats }: RunStatus): number {
  return users.done - (stats.reusedUsers ?? 0);
}

/** Another run, scaled to the rows. */
function asBefore(
  like: RunStatus,
  { rows, nodes }: EstimateFacts,
): Pick<RunEstimate, "basis" | "callsPerUser" | "calls" | "cost" | "seconds"> {
  const factor = rows / computedUsers(like);
  const { stats, cost } = like;
  const calls = (stats.targetCalls ?? 0) * factor;
  const scaled = cost === undefined ? undefined : times(cost, factor);
  const seconds = scaled === undefined ? undefined : secondsWith(scaled, nodes);
  return {
    basis: { kind: "run", run: like.id },
    callsPerUser: stats.callsPerUser ?? calls / rows,
    calls,
    ...(scaled === undefined ? {} : { cost: scaled }),
    ...(seconds === undefined ? {} : { seconds }),
  };
}

function times({ drafterSeconds, verifierSeconds, price }: RunCost, factor: number): RunCost {
  return {
    drafterSeconds: drafterSeconds * factor,
    verifierSeconds: verifierSeconds * factor,
    ...(price === undefined ? {} : { price: { ...price, total: price.total * factor } }),
  };
}

/** The role with more work per node decides. Undefined if a role has no node, or it is not known. */
function secondsWith(
  { drafterSeconds, verifierSeconds }: RunCost,
  nodes: EstimateFacts["nodes"],
): number | undefined {
  if (nodes === undefined || nodes.drafters === 0 || nodes.verifiers === 0) return undefined;
  return Math.max(drafterSeconds / nodes.drafters, verifierSeconds / nodes.verifiers);
}

function notesOf({
  nodes,
  like,
  msPerUser,
  reuses = false,
  proposes = false,
}: EstimateFacts): string[] {
  const notes: string[] = [];
  if (nodes === undefined) notes.push("Nodes are not known: the scheduler has no NATS.");
  if (nodes?.drafters === 0) notes.push("No drafter is up: start one with nightbeam drafter.");
  if (nodes?.verifiers === 0) notes.push("No verifier is up: start one with nightbeam verifier.");
  if (reuses) notes.push("Lists that are reused cost nothing; this is what computing all takes.");
  if (like !== undefined) return notes;
  if (proposes) notes.push("What scoring candidates costs is not known yet, and is left out.");
  notes.push(
    msPerUser === undefined
      ? "No run with these models and settings is complete yet, and no verifier has measured its costs: " +
          "calls are those of plain search, and time and cost are not known."
      : "No run with these models and settings is complete yet: calls are those of plain search, and the time is " +
          "that of the verifiers by the costs that they measured.",
  );
  return notes;
}
