import type { ShardDetail } from "@nightbeam/api";
import { SHARD_STATES, type ShardLetter } from "@nightbeam/api/shards";
import type { ShardJobDetails } from "@nightbeam/queue";
import { firstRowOf, type PartRecord, plannedRows } from "@nightbeam/run";
import { z } from "zod";
import { isoTime } from "../clock.js";
import type { RunView } from "../runs/run-view.js";

const progressSchema = z.object({ users: z.number().min(0) });

const LETTERS: Readonly<Record<string, ShardLetter>> = { active: "a", delayed: "r", failed: "s" };

/** Everything that is known about a shard. Undefined if the plan has no such shard. */
export function shardDetail(
  view: RunView,
  { index, job }: { readonly index: number; readonly job: ShardJobDetails | undefined },
): ShardDetail | undefined {
  const { plan, shards } = view.standing;
  if (plan === undefined || index >= shards) return undefined;
  const record = view.commits.find((one) => one.index === index);
  const setAside = view.setAside.find((one) => one.index === index);
  const letter = record !== undefined ? "c" : setAside !== undefined ? "s" : letterOf(job);
  const reason = setAside?.cause ?? (record === undefined ? job?.reason : undefined);
  const progress = letter === "a" ? progressSchema.safeParse(job?.progress).data : undefined;
  const node = record?.drafter ?? job?.node;
  const endedAt = record?.committedAt ?? (letter === "a" ? undefined : timeOf(job?.endedAt));
  const startedAt = timeOf(job?.startedAt);
  return {
    index,
    state: SHARD_STATES[letter],
    firstRow: firstRowOf(plan, index),
    rows: plannedRows(plan, index),
    ...(job === undefined ? {} : { attempts: job.starts }),
    ...(node === undefined ? {} : { node }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(reason === undefined ? {} : { reason }),
    ...(progress === undefined ? {} : { users: progress.users }),
    failures: (job?.failures ?? []).map((one) => ({ ...one, at: isoTime(one.at) })),
    logs: [...(job?.logs ?? [])],
    ...(record === undefined ? {} : { commit: commitOf(record) }),
  };
}

function letterOf(job: ShardJobDetails | undefined): ShardLetter {
  return LETTERS[job?.state ?? ""] ?? "w";
}

function timeOf(at: number | undefined): string | undefined {
  return at === undefined ? undefined : isoTime(at);
}

function commitOf(record: PartRecord): NonNullable<ShardDetail["commit"]> {
  const { file, bytes, rows, rejected, stats, draftWidths, verifiers = [] } = record;
  const numbers = Object.entries(stats).filter(([, value]) => value !== undefined);
  return {
    file,
    bytes,
    rows,
    rejected,
    stats: Object.fromEntries(numbers),
    ...(draftWidths === undefined ? {} : { draftWidths }),
    verifiers: verifiers.map(({ name, calls, audited, firstAt, lastAt }) => {
      return { name, calls, audited, firstAt, lastAt };
    }),
  };
}
