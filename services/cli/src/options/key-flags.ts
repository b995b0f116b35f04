import { flagOf } from "@nightbeam/service";
import { recommendFields } from "@nightbeam/settings";

/**
 * Libraries and the scheduler name settings by their keys, in backticks. People type flags, so that is
 * what the terminal shows: `` `beamWidth` `` becomes `--beam-width`, and `` `draft[1]` `` `--draft[1]`.
 */
export function withFlags(message: string): string {
  return message.replaceAll(
    /`([A-Za-z]+)((?:\[\d+\])*)`/g,
    (quoted, key: string, places: string) =>
      key in recommendFields.shape ? `${flagOf(key)}${places}` : quoted,
  );
}
