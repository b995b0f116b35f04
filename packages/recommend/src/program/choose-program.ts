import type { Trie } from "@nightbeam/catalogue";
import { type BeamWidth, TARGET_PROGRAMS, type TargetProgram, widestOf } from "@nightbeam/decoding";
import type { Device } from "@nightbeam/model";
import { needsTreeCalls, programNamed, type SearchSetting } from "@nightbeam/settings";
import { RecommendError } from "../errors.js";
import {
  type AvailableProgram,
  type BatchShape,
  isSearchProgram,
  msPerUser,
  PROGRAM_WORDS,
} from "./estimate-cost.js";

type DeviceKind = Device["kind"];

/** The settings that decide what the target is run for. */
export interface ProgramSettings {
  /** Default: auto. */
  readonly search?: SearchSetting | undefined;
  /** Default: strict. */
  readonly verification?: "strict" | "sampled" | "relaxed" | undefined;
  readonly candidates?: string | undefined;
  readonly teacherLog?: string | undefined;
  readonly allowLists?: unknown;
  readonly draft: readonly unknown[];
  readonly beamWidth: BeamWidth;
  readonly batchSize: number;
}

export interface ProgramOptions {
  readonly settings: ProgramSettings;
  /**
   * What can be had, with the measured costs: an entry for each program of each verifier. Undefined if that is not
   * known.
   */
  readonly programs: readonly AvailableProgram[] | undefined;
  /** The device of this machine, if the target runs here: whole searches are usual on a GPU. */
  readonly device?: DeviceKind | undefined;
  readonly trie: Trie;
  /** Code paths that are closed for all users, besides those of the searched catalogue's filter. Default: none. */
  readonly closedPaths?: number;
}

/** What the target of a run is run for. */
export interface ProgramChoice {
  readonly program: TargetProgram;
  /** Why, for people. */
  readonly reason: string;
}

/** Items of a history whose cost is compared: as verifiers measure. */
const TYPICAL_ITEMS = 20;
/** What whole searches take: prefixes per level, and paths closed for all users with room for each user's own. */
const MAX_BEAM_WIDTH = 1000;
const MAX_CLOSED_PATHS = 60_000;

/**
 * Chooses what a run's target is run for. Named by `search`, or the fastest by the measured costs; tree calls if
 * nothing else can be had, if costs are not known, or if the lists need them.
 *
 * @throws RecommendError BAD_SEARCH if `search` names a whole search that the run is too large for
 */
export function chooseProgram(options: ProgramOptions): ProgramChoice {
  const { settings } = options;
  const { search = "auto" } = settings;
  const named = programNamed(search);
  const why = needsTreeCalls(settings) ?? tooLarge(options);
  if (named !== undefined) {
    if (isSearchProgram(named) && why !== undefined) {
      throw new RecommendError("BAD_SEARCH", `\`search\` ${search}: ${why}; give calls or auto`);
    }
    return { program: named, reason: `\`search\` ${search} was given` };
  }
  if (why !== undefined) return { program: "tree-scores", reason: why };
  return fastest(options);
}

/**
 * Milliseconds per user that all who run a program need together, by the measured costs. Undefined if there are none.
 */
export function estimatedMsPerUser(
  program: TargetProgram,
  { settings, programs = [], trie }: Pick<ProgramOptions, "settings" | "programs" | "trie">,
): number | undefined {
  return msTogether(programs, { program, batch: usualBatch(settings, trie) });
}

/** The choice as a sentence, with the draft that is not used. */
export function describeChoice(
  { program, reason }: ProgramChoice,
  draft: readonly unknown[],
): string {
  const names = draft.map((one) => (typeof one === "string" ? one : "of your own")).join(" ");
  const unused =
    program === "beam-search" && draft.length > 0 ? ` The draft ${names} is not used.` : "";
  return `The target runs ${PROGRAM_WORDS[program]} (${program}): ${reason}.${unused}`;
}

function tooLarge({ settings, closedPaths = 0 }: ProgramOptions): string | undefined {
  const beamWidth = widestOf(settings.beamWidth);
  if (beamWidth > MAX_BEAM_WIDTH)
    return `\`beamWidth\` ${beamWidth} is more than the ${MAX_BEAM_WIDTH} that whole searches take`;
  if (closedPaths > MAX_CLOSED_PATHS)
    return `\`allow\` and \`block\` leave out ${closedPaths} code paths, more than the ${MAX_CLOSED_PATHS} that whole searches take`;
  return undefined;
}

function fastest({ settings, programs, device, trie }: ProgramOptions): ProgramChoice {
  if (device === "cpu") return { program: "tree-scores", reason: "usual on a processor" };
  if (device !== undefined) {
    return { program: "beam-search", reason: `on ${device} each call costs more than its answer` };
  }
  const calls = (reason: string): ProgramChoice => ({ program: "tree-scores", reason });
  if (programs === undefined) return calls("costs are not known here");
  if (!programs.some(({ program }) => isSearchProgram(program)))
    return calls("no verifier of this target runs whole searches");
  const batch = usualBatch(settings, trie);
  const costs = TARGET_PROGRAMS.flatMap((program) => {
    const milliseconds = msTogether(programs, { program, batch });
    return milliseconds === undefined ? [] : { program, milliseconds };
  });
  // Sorting is stable: of equal costs the first program counts.
  const [best, ...others] = costs.sort((a, b) => a.milliseconds - b.milliseconds);
  if (best === undefined) return calls("no cost has been measured yet");
  const compared = others.map(
    ({ program, milliseconds }) => `${PROGRAM_WORDS[program]} take ${digits(milliseconds)} ms`,
  );
  const measured = `${digits(best.milliseconds)} ms per user in batches of ${batch.users}`;
  return { program: best.program, reason: [measured, ...compared].join("; ") };
}

function usualBatch(settings: ProgramSettings, trie: Trie): BatchShape {
  return {
    trie,
    beamWidth: widestOf(settings.beamWidth),
    users: settings.batchSize,
    promptTokens: TYPICAL_ITEMS * trie.levels,
    isDrafted: settings.draft.length > 0,
  };
}

/** Milliseconds per user if all that run a program share the users. Undefined if none has a cost. */
function msTogether(
  programs: readonly AvailableProgram[],
  { program, batch }: { program: TargetProgram; batch: BatchShape },
): number | undefined {
  const times = programs.flatMap((one) =>
    one.program === program ? (msPerUser(one, batch) ?? []) : [],
  );
  if (times.length === 0) return undefined;
  return 1 / times.reduce((sum, milliseconds) => sum + 1 / milliseconds, 0);
}

function digits(milliseconds: number): string {
  return milliseconds >= 100 ? milliseconds.toFixed(0) : milliseconds.toPrecision(2);
}
