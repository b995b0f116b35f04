import { PALETTES } from "../words/palettes.js";

export type Tier = "budget" | "standard" | "premium";

export const TIERS: readonly Tier[] = ["budget", "standard", "premium"];

export interface Brand {
  readonly name: string;
  readonly tier: Tier;
}

/** One kind of items, from a line of a department's text. */
export interface KindText {
  readonly name: string;
  readonly category: string;
  readonly department: string;
  readonly brands: readonly Brand[];
  /** Whether the items are consecutive volumes. */
  readonly series: boolean;
  /** The parts of a name: plain words have one choice, the others several. */
  readonly pattern: readonly (readonly string[])[];
  /** Names of the kinds that are taken next, most likely first. */
  readonly goesWith: readonly string[];
  /** Names of the kinds that an owner needs regularly. */
  readonly refills: readonly string[];
}

/**
 * Reads a department:
 *
 *     # Outdoor
 *     budget: Fernhill, Packmoor
 *     ## Camping
 *     Tents: {person} tent, {colour} > Sleeping bags, Tent pegs ~ Groundsheets
 *     * Crime novels: The {Glass|Winter} {Witness|Alibi}, crime novel, volume > Crime novels
 *
 * These are brands by tier, categories, and kinds: name, pattern, `>` kinds that go with it, `~`
 * refills. Braces have choices or the name of a palette. A star marks a series, whose pattern ends
 * before the volume number.
 */
export function parseDepartment(text: string): KindText[] {
  const kinds: KindText[] = [];
  const brands: Brand[] = [];
  let department = "";
  let category = "";
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const [head = "", rest = ""] = splitOnce(line, ": ");
    const tier = TIERS.find((tier) => tier === head);
    if (line.startsWith("## ")) category = line.slice(3);
    else if (line.startsWith("# ")) department = line.slice(2);
    else if (tier !== undefined) brands.push(...names(rest).map((name) => ({ name, tier })));
    else kinds.push({ ...parseKind(head, rest), category, department, brands });
  }
  return kinds;
}

function parseKind(head: string, rest: string) {
  const series = head.startsWith("* ");
  const [described = "", refills = ""] = splitOnce(rest, " ~ ");
  const [pattern = "", goesWith = ""] = splitOnce(described, " > ");
  return {
    name: series ? head.slice(2) : head,
    series,
    pattern: parsePattern(pattern),
    goesWith: names(goesWith),
    refills: names(refills),
  };
}

function parsePattern(pattern: string): string[][] {
  return pattern
    .split(/[{}]/)
    .map((part, place) => (place % 2 === 0 ? [part] : (PALETTES[part] ?? part).split("|")));
}

function names(list: string): string[] {
  return list === "" ? [] : list.split(", ");
}

function splitOnce(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + mark.length)];
}
