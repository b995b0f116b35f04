import { answersFile } from "../reuse/answers-file.js";
import { contentHash } from "./content-hash.js";
import { type PartNames, partAnswersFile, partRejectedFile, partSearchesFile } from "./names.js";
import { type PartRecord, type PartResult, rejectedText } from "./records.js";
import { searchesFile } from "./search-record.js";

/** The files of a part beside its lists. */
export interface SideFiles {
  /** Names are relative to the run's directory. */
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  /** What the part's commit record says of them. */
  readonly entries: Pick<PartRecord, "rejectedFile" | "rejectedSha256" | "searches" | "answers">;
}

/** Makes the files of a part's rejected rows, search records and answers, as far as it has any. */
export async function sideFiles(
  part: PartNames,
  { rejected, searches, answers }: Pick<PartResult, "rejected" | "searches" | "answers">,
): Promise<SideFiles> {
  const rejectedFile = partRejectedFile(part);
  const text = new TextEncoder().encode(rejectedText(rejected));
  const recorded = await searchesFile(partSearchesFile(part), searches);
  const kept = await answersFile(partAnswersFile(part), answers);
  return {
    files: [
      rejected.length === 0 ? [] : { name: rejectedFile, bytes: text },
      [recorded ?? [], kept ?? []].flat().map(({ entry, bytes }) => ({ name: entry.file, bytes })),
    ].flat(),
    entries: {
      ...(rejected.length === 0 ? {} : { rejectedFile, rejectedSha256: contentHash(text) }),
      ...(recorded === undefined ? {} : { searches: recorded.entry }),
      ...(kept === undefined ? {} : { answers: kept.entry }),
    },
  };
}
