import type { ReportData } from "../../report/report-data.js";
import { type Tile, Tiles } from "../parts/facts.js";
import { digits, duration, percent, whole } from "../parts/format.js";

/** What the run did, in a sentence and a few figures. */
export function Headline({ data }: { readonly data: ReportData }) {
  const { name, out, createdAt, headline, users, rejected, nightbeam } = data;
  const { calls, plainCalls, nodes, seconds, usersPerSecond, isStrict } = headline;
  const saved = savedShare(headline);
  const tiles: Tile[] = [
    {
      name: "users with a list",
      value: whole(users),
      note: rejected === 0 ? "none rejected" : `${whole(rejected)} rows rejected`,
    },
    ...(calls === undefined
      ? []
      : [
          {
            name: "calls per user",
            value: calls.toFixed(2),
            note: plainCalls === undefined ? "" : `plain search: ${plainCalls.toFixed(2)}`,
          },
        ]),
    ...(saved === undefined
      ? []
      : [{ name: "calls saved", value: percent(saved), note: "of the target's forward passes" }]),
    ...(nodes === undefined
      ? []
      : [{ name: "prefixes asked per user", value: digits(nodes), note: "nodes of the tree" }]),
    ...(seconds === undefined
      ? []
      : [
          {
            name: "time",
            value: duration(seconds),
            note: usersPerSecond === undefined ? "" : `${digits(usersPerSecond)} users/s`,
          },
        ]),
  ];
  return (
    <>
      <header class="report-head">
        <p class="brand">
          <svg viewBox="0 0 20 16" width="20" height="16" aria-hidden="true" class="mark">
            <path d="M2 8h5m0 0l4-5h7M7 8l4 5h7" />
          </svg>
          Nightbeam report
        </p>
        <h1>{name}</h1>
        <p class="dim">
          {new Date(createdAt).toUTCString()}
          {nightbeam === undefined ? "" : ` · Nightbeam ${nightbeam}`} · <code>{out}</code>
        </p>
        <p class="claim">{claimOf(data, isStrict)}</p>
      </header>
      <Tiles tiles={tiles} />
    </>
  );
}

function savedShare({ calls, plainCalls }: ReportData["headline"]): number | undefined {
  if (calls === undefined || plainCalls === undefined || calls >= plainCalls) return undefined;
  return 1 - calls / plainCalls;
}

function claimOf({ headline, users }: ReportData, isStrict: boolean): string {
  const lists = `${whole(users)} ${users === 1 ? "list" : "lists"}`;
  const { calls, plainCalls, program } = headline;
  const exact = isStrict
    ? "Each list is exactly what the target's own beam search returns, with the same scores"
    : "The lists are drawn from the target's probabilities";
  if (program !== undefined && program !== "tree-scores") {
    return `${lists}. ${exact}; the target ran each search itself, in one call.`;
  }
  if (calls === undefined || plainCalls === undefined || calls >= plainCalls) {
    return `${lists}. ${exact}. Nothing was drafted, or it saved no calls.`;
  }
  return `${lists}, in ${calls.toFixed(2)} calls of the target per user instead of ${plainCalls.toFixed(2)}. ${exact}: the draft decides only what is asked early.`;
}
