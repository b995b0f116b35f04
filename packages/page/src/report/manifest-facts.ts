import { FIGURES, type Figure, type Manifest, type SearchRecord } from "@nightbeam/run";
import type { Headline, ReportFact, ReportFigure } from "./report-data.js";

/** The figures that a run is judged by. */
export function headlineOf(
  { stats, search, arguments: given }: Manifest,
  about: { readonly searches: readonly SearchRecord[]; readonly levels: number | undefined },
): Headline {
  const asked = about.searches.filter(
    ({ program, calls }) => program === "tree-scores" && calls > 0,
  );
  const plain = asked.reduce((sum, record) => sum + askedLevels(record), 0) / asked.length;
  return {
    calls: stats.callsPerUser,
    plainCalls: asked.length > 0 ? plain : about.levels,
    nodes: stats.nodesPerUser,
    seconds: stats.wallSeconds,
    usersPerSecond: stats.usersPerSecond,
    program: search?.program,
    reason: search?.reason,
    isStrict: given.verification === undefined || given.verification === "strict",
  };
}

/** Levels that plain search asks about: one call for each. */
function askedLevels({ nodes }: SearchRecord): number {
  const depths: number[] = [];
  for (const { parent } of nodes) depths.push(parent < 0 ? 0 : (depths[parent] ?? 0) + 1);
  return new Set(depths.filter((_, at) => nodes[at]?.used)).size;
}

/** The statistics of a manifest with their meanings; those of other versions have none. */
export function figuresOf({ stats }: Manifest): ReportFigure[] {
  const table: Readonly<Record<string, Figure>> = FIGURES;
  return Object.entries(stats).map(([name, value]) => ({
    ...{ name, value, unit: table[name]?.unit ?? "", meaning: table[name]?.meaning ?? "" },
  }));
}

/** What decides the lists, and how they were found. */
export function settingsOf(manifest: Manifest): ReportFact[] {
  const {
    drafts = [],
    draftWidth,
    draftWidths = [],
    device,
    search,
    candidates,
    reuse,
    format,
    layout,
  } = manifest;
  const used = draftWidths.map(
    ({ widths, parts }) =>
      `${widths.join(",") || "none"} in ${parts} ${parts === 1 ? "part" : "parts"}`,
  );
  return [
    ...Object.entries(manifest.arguments).map(([name, value]) => ({ name, value: textOf(value) })),
    ...fact(
      "draft",
      drafts.map(({ kind, path = "" }) => `${kind} ${path}`.trim()).join("; ") || "none",
    ),
    ...fact("draftWidth", draftWidth === undefined ? undefined : String(draftWidth)),
    ...fact("draft widths used", used.join("; ")),
    ...fact("candidates", candidates && proposed(candidates)),
    ...fact("reuse", reuse && ("refused" in reuse ? `none: ${reuse.refused}` : reuse.run)),
    ...fact("device", device),
    ...fact("search", search && `${search.program}: ${search.reason}`),
    ...fact("format", `${format}, ${layout}`),
  ];
}

/** The files that were read, and the hashes of what decides the lists. */
export function inputsOf({ inputs = [], versions }: Manifest): ReportFact[] {
  return [
    ...inputs.map(({ name, path }) => ({ name, value: path })),
    ...Object.entries(versions).map(([name, hash]) => ({ name: `${name}, hash`, value: hash })),
  ];
}

function proposed({ users, items, unknown }: NonNullable<Manifest["candidates"]>): string {
  return `${items} items for ${users} users, ${unknown} of them not in the catalogue`;
}

function fact(name: string, value: string | undefined): ReportFact[] {
  return value === undefined || value === "" ? [] : [{ name, value }];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
