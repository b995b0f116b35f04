import { type BeamWidth, type DraftPolicy, fixedWidths, uniformWidths } from "@nightbeam/decoding";
import { RecommendError } from "../errors.js";
import { adaptiveWidths } from "./adaptive-widths.js";

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
  levels: number,
): DraftPolicy {
  const { draft, draftWidth, beamWidth } = settings;
  refuseOtherLevels(beamWidth, levels);
  return draft.length === 0 ? fixedWidths([]) : draftPolicy(draftWidth, { beamWidth, levels });
}

/**
 * Returns the policy of widths as settings name them: `auto`, one width, or one for each level but
 * the last.
 *
 * @throws RecommendError BAD_DRAFT_WIDTHS if the widths do not fit the catalogue
 */
export function draftPolicy(
  widths: "auto" | readonly number[],
  search: { beamWidth: BeamWidth; levels: number },
): DraftPolicy {
  if (widths === "auto") return adaptiveWidths(search);
  const { levels } = search;
  const [only] = widths;
  if (widths.length === 1 && only !== undefined) return fixedWidths(uniformWidths(only, levels));
  if (widths.length !== levels - 1) {
    throw new RecommendError(
      "BAD_DRAFT_WIDTHS",
      `\`draftWidth\` ${widths.join(",")}: give one width, or ${levels - 1} for this catalogue of ${levels} levels`,
    );
  }
  return fixedWidths(widths);
}

function refuseOtherLevels(beamWidth: BeamWidth, levels: number): void {
  if (typeof beamWidth === "number" || beamWidth.length === levels) return;
  throw new RecommendError(
    "BAD_BEAM_WIDTHS",
    `\`beamWidth\` ${beamWidth.join(",")}: give one width, or ${levels} for this catalogue of ${levels} levels`,
  );
}
