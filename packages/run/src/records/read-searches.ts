import type { RecordFiles } from "@nightbeam/store";
import { reasonOf } from "@nightbeam/store";
import { recordDamaged } from "./record-file.js";
import type { PartRecord } from "./records.js";
import { decodeSearches, type SearchRecord } from "./search-record.js";

/**
 * The search records of a part; empty if none were kept, or if their file was removed: they are for people, and no
 * list needs them.
 *
 * @throws RunError STORE_DAMAGED for a file that does not hold records; StoreError STORE_FAILED
 */
export async function readSearches(
  files: Pick<RecordFiles, "location" | "read">,
  { searches }: Pick<PartRecord, "searches">,
): Promise<SearchRecord[]> {
  const bytes = searches === undefined ? undefined : await files.read(searches.file);
  if (searches === undefined || bytes === undefined) return [];
  try {
    return await decodeSearches(bytes);
  } catch (error) {
    const place = `${files.location}/${searches.file}`;
    throw recordDamaged(place, { damage: "STORE_DAMAGED", problem: reasonOf(error) });
  }
}
