import { basename, join, resolve } from "node:path";
import type { Recommendation, Titles } from "@nightbeam/dataset";
import {
  type Manifest,
  type RejectReason,
  RejectTally,
  readManifest,
  readPartRows,
  readRecommendations,
  readRejected,
  readSearches,
  type SearchRecord,
  storeJournal,
} from "@nightbeam/run";
import { directoryStore, type ShardStore } from "@nightbeam/store";
import { compareRuns } from "./compare-runs.js";
import { ItemTable } from "./item-table.js";
import { figuresOf, headlineOf, inputsOf, settingsOf } from "./manifest-facts.js";
import type { ReportData, ReportList } from "./report-data.js";

export interface ReportOptions {
  /** The directory of a finished run. */
  readonly out: string;
  /** What items are called. Default: by their ids. */
  readonly titles?: Titles | undefined;
  /** The directory of another finished run, to compare with. */
  readonly against?: string | undefined;
}

/** Limits that keep a report small enough for a browser and an e-mail. */
const MAX_LISTS = 3_000;
const MAX_SEARCHES = 40;
const MAX_SAMPLES = 5;
const SCORE_DIGITS = 4;

/** Reads what a report shows. @throws RunError RUN_INCOMPLETE, RUN_DAMAGED; DatasetError, StoreError */
export async function readReport(options: ReportOptions): Promise<ReportData> {
  const out = resolve(options.out);
  const manifest = await readManifest(out);
  const store = directoryStore(out);
  const items = new ItemTable();
  const searches = await sampledSearches(store, manifest);
  const first = await firstLists(out);
  const histories = await historiesOf(store, manifest, first);
  const shown = new Set(first.map(({ user }) => user));
  const lists = [
    ...first.map((list) => reportList(list, histories.get(list.user), items)),
    ...searches
      .filter(({ user }) => !shown.has(user))
      .map(({ user, history, list }) => reportList({ user, items: list }, history, items)),
  ];
  for (const { nodes } of searches) {
    for (const { examples } of nodes) for (const item of examples) items.placeOf(item);
  }
  const { against } = options;
  const comparison =
    against === undefined
      ? undefined
      : await compareRuns(out, { against: resolve(against), items });
  const levels = first.find((list) => list.items.length > 0)?.items[0]?.codes.length;
  return {
    ...{ name: basename(out), out, users: manifest.users, rejected: manifest.rejected },
    createdAt: manifest.createdAt,
    plannedAt: manifest.plannedAt,
    nightbeam: manifest.nightbeam,
    headline: headlineOf(manifest, { searches, levels }),
    items: items.items,
    titles: items.titles(options.titles),
    ...{ lists, searches, comparison },
    rejects: await rejectReasons(join(out, manifest.rejectedFile)),
    figures: figuresOf(manifest),
    settings: settingsOf(manifest),
    inputs: inputsOf(manifest),
  };
}

/** The search records of parts from the whole run, at most `MAX_SEARCHES`. */
async function sampledSearches(store: ShardStore, { parts }: Manifest): Promise<SearchRecord[]> {
  const recorded = parts.filter(({ searches }) => searches !== undefined);
  const perPart = Math.max(1, recorded[0]?.searches?.users ?? 1);
  const wanted = Math.ceil(MAX_SEARCHES / perPart);
  const step = Math.max(1, Math.floor(recorded.length / wanted));
  const searches: SearchRecord[] = [];
  for (let at = 0; at < recorded.length && searches.length < MAX_SEARCHES; at += step) {
    const part = recorded[at];
    if (part !== undefined) searches.push(...(await readSearches(store, part)));
  }
  return searches.slice(0, MAX_SEARCHES);
}

/** The first lists of a run, in the order of its input. */
async function firstLists(out: string): Promise<Recommendation[]> {
  const lists: Recommendation[] = [];
  for await (const batch of readRecommendations(out)) {
    lists.push(...batch.slice(0, MAX_LISTS - lists.length));
    if (lists.length >= MAX_LISTS) break;
  }
  return lists;
}

/** The histories of the users of these lists, by user; of as many as can be read. */
async function historiesOf(
  store: ShardStore,
  manifest: Manifest,
  lists: readonly Recommendation[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const journal = storeJournal(store);
  const [plan, origin] = [await journal.readPlan(), await journal.readOrigin()];
  const histories = new Map<string, readonly string[]>();
  let left = plan === undefined ? 0 : lists.length;
  for (const part of manifest.parts) {
    if (left <= 0 || plan === undefined) break;
    for (const row of (await readPartRows(store, { plan, origin, part })) ?? []) {
      if (row.kind === "history") histories.set(row.user, row.items);
    }
    left -= part.rows;
  }
  return histories;
}

function reportList(
  { user, items: list }: { user: string; items: readonly { item: string; score: number }[] },
  history: readonly string[] | undefined,
  items: ItemTable,
): ReportList {
  return {
    user,
    history: history?.map((item) => items.placeOf(item)),
    list: list.map(({ item }) => items.placeOf(item)),
    scores: list.map(({ score }) => Number(score.toFixed(SCORE_DIGITS))),
  };
}

async function rejectReasons(path: string): Promise<readonly RejectReason[]> {
  const tally = new RejectTally(MAX_SAMPLES);
  for await (const rows of readRejected(path)) for (const row of rows) tally.add(row);
  return tally.reasons;
}
