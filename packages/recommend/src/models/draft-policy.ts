import { type DraftPolicy, fixedWidths, uniformWidths } from "@nightbeam/decoding";
import { RecommendError } from "../errors.js";
import { adaptiveWidths } from "./adaptive-widths.js";

/**
 * How much is drafted, from widths as a person gives them: `auto`, one width, or one for each level
 * but the last.
 *
 * @throws RecommendError BAD_DRAFT_WIDTHS where the widths do not fit the catalogue
 */
export function draftPolicy(
  widths: "auto" | readonly number[],
  search: { beamWidth: number; levels: number },
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
