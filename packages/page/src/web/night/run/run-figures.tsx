import type { RunStatus } from "@nightbeam/api";
import { type Fact, Facts } from "../../parts/facts.js";
import { digits, duration, percent, whole } from "../../parts/format.js";
import { Panel } from "../../parts/panel.js";

/** What a run counted and measured, and what it costs. */
export function RunFigures({ run }: { readonly run: RunStatus }) {
  const facts = [
    ...reuseFacts(run),
    ...candidateFacts(run),
    ...searchFacts(run),
    ...verifierFacts(run),
  ];
  if (facts.length === 0 && run.cost === undefined) return null;
  return (
    <Panel title="Figures">
      <Facts facts={facts} />
      {run.cost === undefined ? null : (
        <>
          <h3>Cost so far</h3>
          <Facts facts={costFacts(run.cost)} />
        </>
      )}
    </Panel>
  );
}

/** Whose lists were taken from an earlier run, and why the others were computed. */
function reuseFacts({ reuse, stats }: RunStatus): readonly Fact[] {
  if (reuse === undefined) return [];
  const { run, refused } = reuse;
  if (refused !== undefined) return [{ name: "lists reused", value: "none", meaning: refused }];
  const { reusedUsers = 0, computedNew = 0, computedChanged = 0, computedCatalogue = 0 } = stats;
  return [
    { name: "lists reused", value: whole(reusedUsers), meaning: `Taken from ${run}` },
    { name: "computed: new users", value: whole(computedNew) },
    {
      name: "computed: changed users",
      value: whole(computedChanged),
      meaning: "Their history, or what they must not get, is another one",
    },
    {
      name: "computed: catalogue",
      value: whole(computedCatalogue),
      meaning: "The catalogue changed where it could change their list",
    },
  ];
}

/** What others proposed, and what entered the lists. */
function candidateFacts({ candidates, stats }: RunStatus): readonly Fact[] {
  if (candidates === undefined) return [];
  const { users, items, unknown, newItems } = candidates;
  const { acceptedItems = 0, acceptingLists = 0, acceptedNewItems } = stats;
  const ignored = unknown === 0 ? "" : `; ${whole(unknown)} that the catalogue lacks are ignored`;
  const ofNew = newItems === undefined ? "" : `, ${whole(newItems)} of them new`;
  const facts: Fact[] = [
    {
      name: "candidates",
      value: whole(items),
      meaning: `Items that others propose for ${whole(users)} users${ofNew}${ignored}`,
    },
    {
      name: "candidates accepted",
      value: whole(acceptedItems),
      meaning: `Places of lists, in ${whole(acceptingLists)} lists`,
    },
  ];
  if (acceptedNewItems !== undefined) {
    facts.push({
      name: "of these new",
      value: whole(acceptedNewItems),
      meaning: "Items that the target was not trained on",
    });
  }
  return facts;
}

function searchFacts({ stats, calls, users }: RunStatus): readonly Fact[] {
  const { searches = 0, nodes = 0, tokens = 0, acceptedSteps = 0, targetCalls = 0 } = stats;
  const facts: Fact[] = [];
  if (calls.searches > 0) {
    facts.push({
      name: "target calls per user",
      value: digits(calls.calls / calls.searches),
      meaning: "Target calls per search",
    });
  }
  if (searches > 0) {
    facts.push(
      {
        name: "nodes per user",
        value: digits(nodes / searches),
        meaning: "Prefixes that the target was asked for",
      },
      {
        name: "tokens per user",
        value: digits(tokens / searches),
        meaning: "Prompt tokens and nodes, recomputed ones included",
      },
    );
  }
  if (targetCalls > 0 && acceptedSteps > 0) {
    facts.push({
      name: "accepted levels per call",
      value: digits(acceptedSteps / targetCalls),
      meaning: "Levels of the search that a call brought it on, because the draft had guessed them",
    });
  }
  const withSearch = users.done - (stats.emptyLists ?? 0) - (stats.reusedUsers ?? 0);
  if (searches > 0 && withSearch > searches) {
    facts.push({
      name: "equal questions shared",
      value: percent(1 - searches / withSearch),
      meaning: "Users with the same question share one search",
    });
  }
  return facts;
}

function verifierFacts({ stats }: RunStatus): readonly Fact[] {
  const {
    verifyCalls = 0,
    verifyRetries = 0,
    queueMs = 0,
    batchWaitMs = 0,
    computeMs = 0,
    networkMs = 0,
  } = stats;
  if (verifyCalls === 0) return [];
  const facts: Fact[] = [
    {
      name: "calls to verifiers",
      value: whole(verifyCalls),
      meaning: "Calls that verifiers answered",
    },
    {
      name: "time per call",
      value: `${digits((queueMs + batchWaitMs + computeMs + networkMs) / verifyCalls)} ms`,
      meaning: `Queue ${digits(queueMs / verifyCalls)} ms, batch ${digits(batchWaitMs / verifyCalls)} ms, model ${digits(computeMs / verifyCalls)} ms, network ${digits(networkMs / verifyCalls)} ms`,
    },
    { name: "of it the model", value: `${digits(computeMs / verifyCalls)} ms` },
  ];
  if (verifyRetries > 0) facts.push({ name: "calls tried again", value: whole(verifyRetries) });
  if ((stats.audits ?? 0) > 0) {
    facts.push({ name: "calls audited", value: whole(stats.audits ?? 0) });
    facts.push({ name: "audits that differ", value: whole(stats.auditsDiffering ?? 0) });
  }
  return facts;
}

function costFacts({
  drafterSeconds,
  verifierSeconds,
  price,
}: NonNullable<RunStatus["cost"]>): readonly Fact[] {
  const facts: Fact[] = [
    { name: "drafters", value: duration(drafterSeconds) },
    { name: "verifiers", value: duration(verifierSeconds) },
  ];
  if (price === undefined) return facts;
  const { currency, total, perMillionUsers } = price;
  facts.push({ name: "price", value: `${digits(total)} ${currency}` });
  if (perMillionUsers !== undefined) {
    facts.push({ name: "per million users", value: `${digits(perMillionUsers)} ${currency}` });
  }
  return facts;
}

/** How the run differs from that of the night before. */
export function DriftPanel({ drift }: { readonly drift: NonNullable<RunStatus["drift"]> }) {
  const { against, users, rejected, callsPerUser, sampledUsers, overlap, sameFirst, topScore } =
    drift;
  const pair = (
    change: { readonly before: number; readonly now: number },
    format: (value: number) => string,
  ) => `${format(change.before)} → ${format(change.now)}`;
  const facts: Fact[] = [
    { name: "users", value: pair(users, whole) },
    { name: "rejected", value: pair(rejected, whole) },
  ];
  if (callsPerUser !== undefined)
    facts.push({ name: "calls per user", value: pair(callsPerUser, digits) });
  if (overlap !== undefined) {
    facts.push({
      name: "items that stayed",
      value: percent(overlap),
      meaning: "Mean share of a list that was in the user's list before",
    });
  }
  if (sameFirst !== undefined) facts.push({ name: "same first item", value: percent(sameFirst) });
  if (topScore !== undefined) {
    facts.push({
      name: "score of the first item",
      value: pair(topScore, (value) => `${value.toFixed(2)} nats`),
    });
  }
  return (
    <Panel title="Drift" note={`against ${against}; ${whole(sampledUsers)} users sampled`}>
      <Facts facts={facts} />
    </Panel>
  );
}
