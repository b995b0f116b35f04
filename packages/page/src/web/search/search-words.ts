import { digits, percent, whole } from "../parts/format.js";
import {
  countStates,
  type SearchModel,
  type SearchPrefix,
  type SearchStep,
} from "./search-model.js";

/** Returns what an item is called. */
export type TitleOf = (item: string) => string;

/** `<a_2><b_5>` */
export function pathText(prefix: SearchPrefix): string {
  const codes: string[] = [];
  for (let at: SearchPrefix | undefined = prefix; at !== undefined; at = at.parent) {
    codes.unshift(at.node.code);
  }
  return codes.join("") || "the prompt";
}

/** How likely a path is: a share of the log-probability. */
export function chanceText(score: number | null): string {
  if (score === null) return "not known";
  const chance = Math.exp(score);
  return chance >= 0.001 ? percent(chance) : `1 in ${whole(1 / chance)}`;
}

const PREFIX = (count: number) => `${whole(count)} ${count === 1 ? "prefix" : "prefixes"}`;

/** What happens in the last call of a step, in a sentence or two. */
export function stepText(
  model: SearchModel,
  step: SearchStep,
  before: SearchStep | undefined,
): string {
  const { prefixes, levels, record } = model;
  if (record.calls === 0) return "Nothing is open to this user: the target was not asked.";
  if (model.isWhole) {
    return "The target ran this whole search itself, in one call. What it kept and dropped on the way is not known here: these are the paths of the list.";
  }
  if (before === undefined) {
    return "Before the first call nothing is known. The search needs the log-probabilities of the codes that can follow the prompt.";
  }
  const asked = prefixes.filter(({ node }) => node.call === step.call);
  const missing = asked.filter(({ node }) => node.askedBy === "target").length;
  const drafted = asked.length - missing;
  const { hit, miss, pending } = countStates(asked, step);
  const what =
    drafted === 0
      ? `Call ${step.call} asks about ${PREFIX(missing)} that the search is missing.`
      : `Call ${step.call} asks about ${PREFIX(asked.length)} at once: ${whole(missing)} that the search is missing, and ${whole(drafted)} that the draft expects it to need.`;
  const settled =
    step.settled === levels
      ? "The answer is enough to finish: the list is found."
      : `The answer takes the search to level ${step.settled} of ${levels}; there it needs ${PREFIX(countStates(prefixes, step).missing)} that ${countStates(prefixes, step).missing === 1 ? "was" : "were"} not asked about.`;
  const judged =
    drafted === 0 || hit + miss === 0
      ? ""
      : ` Of the drafted ones ${listText([
          `${whole(hit)} ${hit === 1 ? "was" : "were"} needed`,
          miss === 0 ? "" : `${whole(miss)} ${miss === 1 ? "was" : "were"} fetched for nothing`,
          pending === 0 ? "" : `${whole(pending)} may be needed later`,
        ])}.`;
  return `${what} ${settled}${judged}`;
}

/** `a`, `a and b`, `a, b and c` */
function listText(parts: readonly string[]): string {
  const said = parts.filter((part) => part !== "");
  const last = said.pop() ?? "";
  return said.length === 0 ? last : `${said.join(", ")} and ${last}`;
}

/** How the search compares with plain search. */
export function savingText({ record, plainCalls, isWhole }: SearchModel): string {
  const { calls } = record;
  if (isWhole || calls === 0) return "";
  const times = (count: number) => `${count} ${count === 1 ? "call" : "calls"}`;
  if (calls >= plainCalls) return `${times(calls)}, as many as plain search.`;
  return `${times(calls)} instead of ${plainCalls}: plain search asks level by level. The list is the same.`;
}

/** All about one prefix. */
export function prefixText(prefix: SearchPrefix, titleOf: TitleOf): string {
  const { node, depth } = prefix;
  const examples = node.examples.map(titleOf);
  const more = node.itemCount > examples.length && examples.length > 0 ? "such as " : "";
  const items =
    node.itemCount === 1
      ? (examples[0] ?? "one item")
      : `${whole(node.itemCount)} items, ${more}${examples.join("; ")}`;
  const chance =
    node.score === null
      ? ""
      : ` Probability ${chanceText(node.score)} (${digits(node.score)} nats).`;
  return `${depth === 0 ? "The prompt" : pathText(prefix)}: ${items}.${chance} ${fateText(prefix)}`;
}

function fateText({ node }: SearchPrefix): string {
  const kept = node.kept ? "Kept by the search" : "Not among the best of its level";
  if (node.call === null) return `${kept}.`;
  if (node.askedBy === "target")
    return `${kept}; asked in call ${node.call}, as the search was missing it.`;
  const fetched = `fetched early in call ${node.call}, because the draft expected it`;
  return node.used ? `${kept}; ${fetched}.` : `${kept}: ${fetched}, for nothing.`;
}
