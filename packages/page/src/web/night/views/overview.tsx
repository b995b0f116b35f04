import type { NightStatus, RunStatus } from "@nightbeam/api";
import type { Tile } from "../../parts/facts.js";
import { Tiles } from "../../parts/facts.js";
import { count, digits, duration, timeOf, whole } from "../../parts/format.js";
import { Empty, Panel } from "../../parts/panel.js";
import type { Live } from "../live.js";
import { linkTo } from "../route.js";
import { useLive } from "../state.js";
import { AlarmList } from "./alarms.js";
import { NightTable } from "./nights.js";
import { RunTable } from "./run-table.js";

/** Ended runs that are shown here. */
const MAX_ENDED = 8;

const OPEN: ReadonlySet<RunStatus["state"]> = new Set(["planning", "running", "paused"]);

/** What goes on: alarms, runs in progress and the last ones, nights. */
export function Overview() {
  const live = useLive();
  const runs = live.runs.value;
  const alarms = live.alarms.value ?? [];
  const nights = live.nights.value?.nights ?? [];
  const open = (runs ?? []).filter(({ state }) => OPEN.has(state));
  const ended = (runs ?? []).filter(({ state }) => !OPEN.has(state));
  return (
    <>
      <h1 class="hidden">Overview</h1>
      <Tiles tiles={tilesOf({ live, open, nights })} />
      {alarms.length === 0 ? null : (
        <Panel
          title="Alarms"
          note={count(alarms.length, "alarm")}
          end={<a href={linkTo({ view: "alarms" })}>All</a>}
        >
          <AlarmList alarms={alarms.slice(0, 3)} />
        </Panel>
      )}
      <Panel title="In progress" note={count(open.length, "run")}>
        {runs === undefined ? (
          <Empty>Reading the runs…</Empty>
        ) : open.length === 0 ? (
          <Empty>
            No run is in progress. <code>nightbeam submit</code> starts one.
          </Empty>
        ) : (
          <RunTable runs={open} caption="Runs in progress" />
        )}
      </Panel>
      {ended.length === 0 ? null : (
        <Panel title="Ended" end={<a href={linkTo({ view: "runs" })}>All runs</a>}>
          <RunTable
            runs={ended.slice(0, MAX_ENDED)}
            caption="Runs that have ended, the latest first"
          />
        </Panel>
      )}
      {nights.length === 0 ? null : (
        <Panel title="Nights" end={<a href={linkTo({ view: "nights" })}>History</a>}>
          <NightTable nights={nights} />
        </Panel>
      )}
    </>
  );
}

function tilesOf({
  live,
  open,
  nights,
}: {
  readonly live: Live;
  readonly open: readonly RunStatus[];
  readonly nights: readonly NightStatus[];
}): readonly Tile[] {
  const now = live.now.value;
  const running = open.filter(({ state }) => state === "running");
  const rates = running.map(({ id }) => live.rate(id)).filter((rate) => rate !== undefined);
  const rate = rates.reduce((sum, one) => sum + one, 0);
  const waiting = running.reduce((sum, { users }) => sum + (users.total ?? 0) - users.done, 0);
  const next = nights
    .filter(({ nextAt }) => nextAt !== undefined)
    .sort((a, b) => ((a.nextAt ?? "") < (b.nextAt ?? "") ? -1 : 1))[0];
  return [
    {
      name: "Users per second",
      value: rates.length === 0 ? "–" : digits(rate),
      note: running.length === 0 ? "nothing runs" : `over ${count(running.length, "run")}`,
    },
    { name: "Users to do", value: whole(waiting), note: "of runs in progress" },
    {
      name: "Next night",
      value: next?.nextAt === undefined ? "–" : timeOf(next.nextAt, now),
      note:
        next?.nextAt === undefined
          ? "none is planned"
          : `${next.name}, in ${duration((Date.parse(next.nextAt) - now) / 1_000)}`,
    },
    ...(["drafters", "verifiers"] as const).map((role) => nodesTile(live, role)),
  ];
}

function nodesTile(live: Live, role: "drafters" | "verifiers"): Tile {
  const nodes = live.nodes.value;
  const list = nodes?.[role] ?? [];
  const silent = list.filter((node) => node.silent === true);
  const draining = list.filter((node) => node.draining);
  const name = role === "drafters" ? "Drafters" : "Verifiers";
  if (nodes === undefined || (!nodes.connected && list.length === 0)) {
    return { name, value: "–", note: nodes === undefined ? "" : "unknown without NATS" };
  }
  const problems = [
    ...(silent.length === 0 ? [] : [`${silent.map(({ id }) => id).join(", ")} not responding`]),
    ...(draining.length === 0 ? [] : [`${draining.length} draining`]),
    ...(nodes.connected ? [] : ["as last known"]),
  ];
  const note =
    problems.length === 0
      ? list.length === 0
        ? "none is announced"
        : "all responding"
      : problems.join(", ");
  const isBad = silent.length > 0 || list.length === 0;
  return {
    name,
    value: whole(list.length - silent.length),
    note,
    ...(isBad ? { tone: "bad" } : {}),
  };
}
