import { REJECTED_FILE } from "@nightbeam/run";
import type { Alarms } from "../alarms/alarms.js";
import type { RunView } from "./run-view.js";

/** Raises `run_empty` if a run is complete without a single list, or ends that of its night. @throws RunError, StoreError */
export async function raiseIfEmpty(
  { output, record: { runId, night } }: RunView,
  alarms: Pick<Alarms, "raise" | "mend">,
): Promise<void> {
  const manifest = await output.manifest();
  if (manifest === undefined) return;
  if (manifest.users > 0) {
    // An earlier run of the same night may have been empty.
    if (night !== undefined) alarms.mend({ kind: "run_empty", night });
    return;
  }
  const first =
    manifest.rejected === 0 ? undefined : await firstLine(output.store.open(REJECTED_FILE));
  const why =
    first === undefined
      ? "its histories have no rows"
      : `all of its ${manifest.rejected} rows were rejected. The first of ${REJECTED_FILE}: ${first}`;
  alarms.raise({
    kind: "run_empty",
    runId,
    message: `Run ${runId} is complete but has no lists: ${why}`,
    ...(night === undefined ? {} : { night }),
  });
}

/** Longer lines are cut in alarms. */
const MAX_CHARACTERS = 300;

async function firstLine(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunks) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("\n") || text.length > MAX_CHARACTERS) break;
  }
  return (text.split("\n")[0] ?? "").slice(0, MAX_CHARACTERS);
}
