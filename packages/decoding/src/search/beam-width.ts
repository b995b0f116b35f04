import { DecodingError, wholeNumber } from "../errors.js";

/** Prefixes that a search keeps: as many at each level, or one width per level. */
export type BeamWidth = number | readonly number[];

/** Prefixes that are kept of a length, from 1. */
export function widthAt(beamWidth: BeamWidth, depth: number): number {
  return typeof beamWidth === "number" ? beamWidth : (beamWidth[depth - 1] ?? 0);
}

/** The most prefixes that any level keeps. */
export function widestOf(beamWidth: BeamWidth): number {
  return typeof beamWidth === "number" ? beamWidth : Math.max(...beamWidth);
}

/** Returns the beam width. @throws DecodingError BAD_OPTION for a width that is no whole number above 0, or not one per level */
export function checkedBeamWidth(beamWidth: BeamWidth, levels: number): BeamWidth {
  const widths = typeof beamWidth === "number" ? [beamWidth] : beamWidth;
  for (const width of widths) wholeNumber(width, { name: "beam width", min: 1 });
  if (typeof beamWidth === "number" || beamWidth.length === levels) return beamWidth;
  throw new DecodingError(
    "BAD_OPTION",
    `beam width ${widths.join(",")}: give one width, or one for each of the ${levels} levels`,
  );
}
