import type { BeamWidth, TargetProgram } from "@nightbeam/decoding";

/** How strict lists are found; see `listFields.search`. */
export type SearchSetting = "auto" | "whole" | "drafted" | "calls";

/** Settings that whole searches cannot do. */
export interface TreeCallSettings {
  readonly verification?: "strict" | "sampled" | "relaxed" | undefined;
  readonly candidates?: string | undefined;
  readonly teacherLog?: string | undefined;
  readonly allowLists?: unknown;
  readonly beamWidth?: BeamWidth | undefined;
}

/** The program that a setting names; undefined for `auto`. */
export function programNamed(search: SearchSetting): TargetProgram | undefined {
  switch (search) {
    case "auto":
      return undefined;
    case "whole":
      return "beam-search";
    case "drafted":
      return "verify-tree";
    case "calls":
      return "tree-scores";
    default:
      return search satisfies never;
  }
}

/** Returns why the lists that are asked for need tree calls, with keys in backticks; undefined if they do not. */
export function needsTreeCalls(settings: TreeCallSettings): string | undefined {
  const { verification = "strict", candidates, teacherLog, allowLists, beamWidth } = settings;
  if (verification !== "strict")
    return `\`verification\` ${verification} draws lists from log-probabilities`;
  if (candidates !== undefined) return "`candidates` are scored one by one";
  if (teacherLog !== undefined) return "`teacherLog` writes log-probabilities";
  if (typeof beamWidth === "object")
    return `whole searches keep the same number of prefixes at each level, unlike \`beamWidth\` ${beamWidth.join(",")}`;
  if (allowLists !== undefined) return "`allowLists` close other code paths for each group";
  return undefined;
}
