import type { Catalogue } from "@nightbeam/catalogue";
import { type BeamWidth, type DraftPolicy, fixedWidths, uniformWidths } from "@nightbeam/decoding";
import { RecommendError } from "../errors.js";
import { adaptiveWidths } from "./adaptive-widths.js";

/** Levels of the trie that is searched. */
interface SearchedLevels {
  readonly levels: number;
  /** How many of them are no codes of items. Default: none. */
  readonly closingLevels?: number;
}

/** The levels of a catalogue that is searched. */
export function levelsOf({ trie, closingLevels }: Catalogue): SearchedLevels {
  return { levels: trie.levels, closingLevels };
}

/**
 * Returns how much a run drafts: nothing if it has no draft.
 *
 * @throws RecommendError BAD_DRAFT_WIDTHS, BAD_BEAM_WIDTHS if the widths do not fit the catalogue
 */
export function policyOf(
  settings: {
    readonly draft: readonly unknown[];
    readonly draftWidth: "auto" | readonly number[];
    readonly beamWidth: BeamWidth;
  },
  searched: SearchedLevels,
): DraftPolicy {
  const { draft, draftWidth, beamWidth } = settings;
  refuseOtherLevels(beamWidth, searched);
  return draft.length === 0 ? fixedWidths([]) : draftPolicy(draftWidth, { beamWidth, ...searched });
}

/**
 * Returns the policy of widths as settings name them: `auto`, one width, or one for each level but
 * the last. Closing levels get the width of the level before.
 *
 * @throws RecommendError BAD_DRAFT_WIDTHS if the widths do not fit the catalogue
 */
export function draftPolicy(
  widths: "auto" | readonly number[],
  search: SearchedLevels & { beamWidth: BeamWidth },
): DraftPolicy {
  const { beamWidth, levels, closingLevels = 0 } = search;
  if (widths === "auto") {
    return adaptiveWidths({ beamWidth: searchedBeams(beamWidth, closingLevels), levels });
  }
  const [only] = widths;
  if (widths.length === 1 && only !== undefined) return fixedWidths(uniformWidths(only, levels));
  const codes = levels - closingLevels;
  const last = widths.at(-1);
  if (widths.length !== codes - 1 || last === undefined) {
    throw new RecommendError(
      "BAD_DRAFT_WIDTHS",
      `\`draftWidth\` ${widths.join(",")}: give one width, or ${codes - 1} for this catalogue of ${codes} levels`,
    );
  }
  return fixedWidths([...widths, ...new Array<number>(closingLevels).fill(last)]);
}

/** Beams of every level that is searched: closing levels get those of the last code. */
export function searchedBeams(beamWidth: BeamWidth, closingLevels: number): BeamWidth {
  if (typeof beamWidth === "number" || closingLevels === 0) return beamWidth;
  return [...beamWidth, ...new Array<number>(closingLevels).fill(beamWidth.at(-1) ?? 1)];
}

function refuseOtherLevels(beamWidth: BeamWidth, searched: SearchedLevels): void {
  const levels = searched.levels - (searched.closingLevels ?? 0);
  if (typeof beamWidth === "number" || beamWidth.length === levels) return;
  throw new RecommendError(
    "BAD_BEAM_WIDTHS",
    `\`beamWidth\` ${beamWidth.join(",")}: give one width, or ${levels} for this catalogue of ${levels} levels`,
  );
}
