import type { ShardMap } from "@nightbeam/api";
import type { ShardLetter } from "@nightbeam/api/shards";
import { isoTime } from "../clock.js";
import type { LiveFigures } from "../runs/run-status.js";
import type { RunView } from "../runs/run-view.js";

/** The states of all shards of a run. */
export function shardMap(
  view: Pick<RunView, "standing" | "setAside">,
  live: LiveFigures,
): ShardMap {
  const { plan, shards, committed } = view.standing;
  const setAside = new Set([...live.setAside, ...view.setAside.map(({ index }) => index)]);
  const active = new Set(live.active.map(({ index }) => index));
  const delayed = new Set(live.delayed);
  const letterOf = (index: number): ShardLetter => {
    if (committed.has(index)) return "c";
    if (active.has(index)) return "a";
    if (setAside.has(index)) return "s";
    return delayed.has(index) ? "r" : "w";
  };
  return {
    total: shards,
    partSize: plan?.partSize ?? 0,
    states: runLengths(shards, letterOf),
    active: live.active.map(({ index, node, users, startedAt }) => ({
      index,
      users,
      ...(node === undefined ? {} : { node }),
      ...(startedAt === undefined ? {} : { startedAt: isoTime(startedAt) }),
    })),
  };
}

/** `c120a2w878`, see `shardMapSchema`. */
function runLengths(count: number, letterOf: (index: number) => ShardLetter): string {
  const runs: string[] = [];
  let start = 0;
  for (let index = 1; index <= count; index++) {
    if (index < count && letterOf(index) === letterOf(start)) continue;
    runs.push(`${letterOf(start)}${index - start}`);
    start = index;
  }
  return runs.join("");
}
