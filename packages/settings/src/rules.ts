import type { BeamWidth } from "@nightbeam/decoding";
import type { z } from "zod";
import { DRAWABLE_DRAFTS, type DraftTraits, draftTraits } from "./draft-name.js";
import { SettingsError } from "./errors.js";
import { answersProblem, reusedRun } from "./reuse.js";
import { needsTreeCalls, type SearchSetting } from "./search.js";
import type { DraftSettings, VerificationOptions } from "./verification.js";

/** Settings that are checked against each other; a view of a run has some of them. */
export interface RuledSettings extends VerificationOptions, DraftSettings {
  readonly topK: number;
  /** Default: see `usualBeamWidth`, which is always enough. */
  readonly beamWidth?: BeamWidth | undefined;
  readonly candidates?: string | undefined;
  readonly acceptAbove?: number | undefined;
  readonly acceptNewAbove?: number | undefined;
  readonly trainedOn?: string | undefined;
  readonly candidatesPerLevel?: number | undefined;
  readonly teacherLog?: string | undefined;
  readonly teacherSample?: number | undefined;
  readonly allowLists?: unknown;
  /** Default: all lists are computed. */
  readonly reuse?: string | undefined;
  /** Default: auto. */
  readonly search?: SearchSetting | undefined;
}

type Rule = (settings: RuledSettings) => string | undefined;

/** Each returns what is wrong and the remedy, with keys in backticks. */
const RULES: readonly Rule[] = [
  drawingRule,
  relaxedRule,
  candidatesRule,
  searchRule,
  reuseRule,
  ({ beamWidth, topK }) => {
    const last = typeof beamWidth === "number" ? beamWidth : beamWidth?.at(-1);
    if (last === undefined || last >= topK) return undefined;
    return `\`beamWidth\` ${last} is less than \`topK\` ${topK}: a search that keeps ${last} beams cannot return more`;
  },
  ({ beamWidth, verification = "strict" }) =>
    typeof beamWidth === "object" && verification !== "strict"
      ? `\`beamWidth\` ${beamWidth.join(",")} needs \`verification\` strict: ${verification} lists take one width for all levels`
      : undefined,
  ({ draft, draftWidth }) =>
    draft.length === 0 && draftWidth !== "auto" && draftWidth.some((width) => width > 0)
      ? "`draftWidth` needs a `draft` to draft with"
      : undefined,
  ({ teacherLog, teacherSample }) =>
    teacherLog === undefined && teacherSample !== undefined
      ? "`teacherSample` needs a `teacherLog` to write to"
      : undefined,
];

/** Returns why settings do not fit together, one sentence per problem. */
export function brokenRules(settings: RuledSettings): string[] {
  return RULES.flatMap((rule) => rule(settings) ?? []);
}

/** A schema's refinement that applies the rules. */
export function checkRules(
  settings: RuledSettings,
  context: Pick<z.core.$RefinementCtx, "addIssue">,
): void {
  for (const message of brokenRules(settings)) context.addIssue({ code: "custom", message });
}

function drawingRule({ verification, ...settings }: RuledSettings): string | undefined {
  if (verification !== "relaxed" && settings.drafted !== undefined)
    return "`drafted` needs `verification` relaxed: no other list depends on the draft";
  if (verification !== undefined && verification !== "strict") return undefined;
  const key = (["seed", "temperature"] as const).find((one) => settings[one] !== undefined);
  return key && `\`${key}\` needs \`verification\` sampled or relaxed: strict lists are not drawn`;
}

function relaxedRule(settings: RuledSettings): string | undefined {
  if (settings.verification !== "relaxed") return undefined;
  const { draft, draftWidth, teacherLog } = settings;
  if (draft.length > 1)
    return "`verification` relaxed takes one `draft`: lists depend on what it drafts from";
  const [undrawn] = draft.flatMap((name) => undrawnProblem(name) ?? []);
  if (undrawn !== undefined) return undrawn;
  if (draft.length > 0 && draftWidth === "auto")
    return "`verification` relaxed needs a `draftWidth` in numbers, such as 40: lists depend on it, and auto follows the machine's speed";
  if (teacherLog !== undefined)
    return "`teacherLog` needs `verification` strict or sampled: what a relaxed run asks the target depends on its draft";
  return undefined;
}

function undrawnProblem(draft: string): string | undefined {
  const traits = traitsOrProblem(draft);
  if (typeof traits === "string") return traits;
  if (traits.canBeDrawnFrom) return undefined;
  return `\`verification\` relaxed cannot draw from \`draft\` ${draft}: give ${DRAWABLE_DRAFTS}`;
}

/** Returns what a draft is like, or why its name cannot be read. */
function traitsOrProblem(draft: string): DraftTraits | string {
  try {
    return draftTraits(draft);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
}

function searchRule(settings: RuledSettings): string | undefined {
  const { search = "auto", draft } = settings;
  if (search === "auto" || search === "calls") return undefined;
  const why = needsTreeCalls(settings);
  if (why !== undefined) {
    return `\`search\` ${search} keeps the log-probabilities in the target, but ${why}: give calls or auto`;
  }
  if (search === "drafted" && draft.length === 0) return "`search` drafted needs a `draft`";
  return undefined;
}

function reuseRule(settings: RuledSettings): string | undefined {
  if (reusedRun(settings) === undefined) return undefined;
  const problem = answersProblem(settings);
  if (problem !== undefined) return `\`reuse\` does not work with ${problem}`;
  return settings.teacherLog === undefined
    ? undefined
    : "`reuse` does not work with `teacherLog`: of lists that are reused there is nothing to log; log them in a run of their own";
}

const CANDIDATE_KEYS = [
  "acceptAbove",
  "acceptNewAbove",
  "trainedOn",
  "candidatesPerLevel",
] as const;

function candidatesRule(settings: RuledSettings): string | undefined {
  const { candidates, acceptAbove, acceptNewAbove, trainedOn } = settings;
  const { verification = "strict", teacherLog } = settings;
  if (candidates === undefined) {
    const key = CANDIDATE_KEYS.find((one) => settings[one] !== undefined);
    return key && `\`${key}\` needs \`candidates\`, the lists of items to accept from`;
  }
  if (acceptAbove === undefined)
    return "`candidates` needs `acceptAbove`: the log-likelihood in nats, such as -9, above which the target accepts an item; to draft from the lists without changing any, give `draft` candidates:PATH";
  if (acceptNewAbove !== undefined && trainedOn === undefined)
    return "`acceptNewAbove` needs `trainedOn`, the histories that the target was trained on: items in none of them are new";
  if (acceptNewAbove === undefined && trainedOn !== undefined)
    return "`trainedOn` needs `acceptNewAbove`: without a threshold of their own, new items are accepted as all others";
  if (verification !== "strict")
    return `\`candidates\` needs \`verification\` strict: a ${verification} list is drawn, and has no places to fill`;
  if (teacherLog !== undefined)
    return "`teacherLog` does not work with `candidates`: a search that proposed items cut short has no answers to learn from; log them in a run of their own";
  return undefined;
}

/** Returns why settings of a run over histories do not say who may get what, which the library's users say themselves. */
export function groupsProblem(settings: {
  readonly allowLists?: string | undefined;
  readonly userGroups?: string | undefined;
}): string | undefined {
  const { allowLists, userGroups } = settings;
  if ((allowLists === undefined) === (userGroups === undefined)) return undefined;
  return allowLists === undefined
    ? "`userGroups` needs `allowLists`, the items of each group"
    : "`allowLists` needs `userGroups`, a table of user and group";
}

/** Returns what cannot be counted without histories, for settings that can leave them out. */
export function historiesProblem(settings: {
  readonly draft: readonly string[];
  readonly histories?: string | readonly string[] | undefined;
  readonly itemOrder?: string | readonly string[] | undefined;
}): string | undefined {
  if (settings.histories !== undefined) return undefined;
  if (settings.itemOrder === "histories")
    return "`itemOrder` histories needs `histories`, a file to count in";
  const needing = settings.draft.find((draft) => {
    const traits = traitsOrProblem(draft);
    return typeof traits !== "string" && traits.needsHistories;
  });
  return needing && `\`draft\` ${needing} needs \`histories\`, a file to count in`;
}

/**
 * Returns why a cluster cannot make the lists that are asked for, with keys in backticks and the
 * remedy, or undefined. For a request whose rollouts may have been replaced since it was parsed.
 */
export function clusterProblem(
  settings: VerificationOptions &
    DraftSettings & {
      readonly limit?: number;
      readonly allow?: string;
      readonly block?: string;
    },
): string | undefined {
  const problem = drawingRule({ topK: 1, ...settings }) ?? relaxedRule({ topK: 1, ...settings });
  if (problem !== undefined || settings.verification !== "relaxed") return problem;
  // One machine counts in all histories and among the items that are left; a drafter has the run's
  // rows, and the whole catalogue as the verifiers do. Other counts draft other lists.
  const [draft] = settings.draft;
  if (draft === undefined) return undefined;
  const narrowed = draftTraits(draft).countedIn.find((key) => settings[key] !== undefined);
  if (narrowed === undefined) return undefined;
  return (
    `\`verification\` relaxed with \`draft\` ${draft} takes no \`${narrowed}\` in a cluster: its counts ` +
    "would differ from those of a single machine. Leave it out, or draft with a checkpoint"
  );
}
