import {
  type Catalogue,
  type Exclusion,
  NOTHING_EXCLUDED,
  sharedPaths,
} from "@nightbeam/catalogue";

/** The settings that a catalogue can make pointless. */
export interface NotedSettings {
  readonly topK: number;
  readonly itemOrder?: string | readonly string[] | undefined;
  readonly itemsPerPath?: number | undefined;
}

/**
 * Returns what the settings of a run cannot do with its catalogue, a sentence each, with keys in backticks.
 *
 * @param excluded items of the catalogue that no user may get
 */
export function listNotes(
  { topK, itemOrder, itemsPerPath }: NotedSettings,
  catalogue: Catalogue,
  excluded: Exclusion = NOTHING_EXCLUDED,
): string[] {
  const notes: string[] = [];
  const items = catalogue.itemCount - excluded.size;
  if (topK > items) {
    notes.push(
      `\`topK\` ${topK} is more than the ${items} items that can be recommended: no list is longer than that.`,
    );
  }
  const unused = Object.entries({ itemOrder, itemsPerPath }).flatMap(([key, value]) =>
    value === undefined ? [] : [`\`${key}\``],
  );
  if (unused.length > 0 && sharedPaths(catalogue, { examples: 0 }).paths === 0) {
    notes.push(
      `${unused.join(" and ")} ${unused.length > 1 ? "change" : "changes"} nothing: no two items of this catalogue share a code path.`,
    );
  }
  return notes;
}
