import { dirname } from "node:path";
import type { FigureName, Manifest } from "@nightbeam/run";
import { clock, facts, whole } from "@nightbeam/service/terminal";
import { candidateFacts } from "./candidate-facts.js";
import { reuseFacts, rowFacts } from "./row-facts.js";

/** What a run on one machine came to, a fact per line. */
export function runSummary(manifest: Manifest, out: string): string {
  const { users, rejected, stats, parts, arguments: given } = manifest;
  const { reusedUsers = 0 } = stats;
  const figure = (name: FigureName, digits: number) => (stats[name] ?? 0).toFixed(digits);
  const rejections = rejected === 0 ? "" : ` (${whole(rejected)} set aside: ${out}/rejected.jsonl)`;
  const per = reusedUsers === 0 ? "per user" : "per user who was computed";
  return facts([
    ["users", `${whole(users)}${rejections}`],
    ...rowFacts(stats),
    ...emptyFact(manifest),
    ...reuseFacts(manifest),
    ["target calls", `${figure("callsPerUser", 2)} ${per}`],
    ...draftFact(manifest),
    ["nodes", `${figure("nodesPerUser", 1)} ${per}`],
    ["time", `${clock(stats.wallSeconds ?? 0)}, ${figure("usersPerSecond", 1)} users/s`],
    [
      "lists",
      `${out}/manifest.json names ${parts.length} part ${parts.length === 1 ? "file" : "files"}`,
    ],
    ...candidateFacts({ users, stats, topK: given.topK }),
    ...teacherFact(manifest),
  ]);
}

function emptyFact({ stats, layout }: Manifest): [name: string, value: string][] {
  const { emptyLists = 0 } = stats;
  if (emptyLists === 0) return [];
  const missing = layout === "flat" ? "; the flat layout has no rows for these users" : "";
  return [["empty lists", `${whole(emptyLists)}: everything was excluded${missing}`]];
}

/** There can be several directories if options changed between attempts. */
function teacherFact({ stats, parts }: Manifest): [name: string, value: string][] {
  const { teacherExamples } = stats;
  if (teacherExamples === undefined) return [];
  const files = parts.flatMap(({ teacherLog }) => teacherLog ?? []);
  const places = [...new Set(files.map((file) => dirname(file)))];
  const where = places.length === 0 ? "" : ` in ${places.join(", ")}`;
  return [["teacher log", `${whole(teacherExamples)} prompts${where}`]];
}

/** What `auto` made of the draft: on a CPU, plain search is often faster. */
function draftFact({
  drafts,
  draftWidth,
  draftWidths = [],
}: Manifest): [name: string, value: string][] {
  if (drafts === undefined || drafts.length === 0 || draftWidth !== "auto") return [];
  const parts = draftWidths.reduce((sum, one) => sum + one.parts, 0);
  const drafted = draftWidths.filter(({ widths }) => widths.some((width) => width > 0));
  const usual = drafted[0]?.widths.join(",");
  if (parts === 0) return [];
  if (usual === undefined) {
    return [["draft", "tried and not used: plain search is faster here (--draft-width auto)"]];
  }
  const count = drafted.reduce((sum, one) => sum + one.parts, 0);
  const where = count === parts ? "" : ` in ${whole(count)} of ${whole(parts)} parts`;
  return [["draft", `usually ${usual} prefixes per level${where} (--draft-width auto)`]];
}
