import type { RunEstimate } from "@nightbeam/api";
import { clock, facts, whole } from "@nightbeam/service/terminal";
import { costText } from "./describe.js";
import { localTime } from "./local-time.js";

/** An estimate, one fact per line. */
export function describeEstimate(estimate: RunEstimate): string {
  const { rows, partSize, shards, existing, callsPerUser, calls, cost, notes } = estimate;
  const found =
    existing === undefined ? "" : `; --out has run ${existing.id}, which is ${existing.state}`;
  return [
    facts([
      ["users", `${whole(rows)} rows in ${whole(shards)} shards of ${whole(partSize)}${found}`],
      ["target calls", `about ${whole(calls)}, ${callsPerUser.toFixed(2)} per user`],
      ["nodes", nodesFact(estimate)],
      ["time", timeFact(estimate)],
      ["cost", cost === undefined ? "not known" : `about ${costText(cost)}`],
      ["estimated from", basisFact(estimate)],
    ]),
    ...notes,
    "Nothing was submitted.",
  ].join("\n");
}

function nodesFact({ nodes }: RunEstimate): string {
  return nodes === undefined
    ? "not known"
    : `${whole(nodes.drafters)} drafters, ${whole(nodes.verifiers)} verifiers`;
}

function timeFact({ seconds, expectedAt, dueAt }: RunEstimate): string {
  const due = dueAt === undefined ? "" : `due ${localTime(dueAt)}`;
  if (seconds === undefined || expectedAt === undefined) {
    return ["not known", due].filter((part) => part !== "").join("; ");
  }
  const late = dueAt !== undefined && expectedAt > dueAt ? ", which is too late" : "";
  const end = `about ${clock(seconds)}; if it starts now, it ends about ${localTime(expectedAt)}${late}`;
  return due === "" ? end : `${end}; ${due}`;
}

function basisFact({ basis }: RunEstimate): string {
  switch (basis.kind) {
    case "run":
      return `run ${basis.run}, which has the same models and settings`;
    case "costs":
      return "the costs of calls that the verifiers measured";
    case "nothing":
      return "the size of the catalogue's trie alone";
    default:
      return basis satisfies never;
  }
}
