import { REJECTED_FILE } from "@nightbeam/run";
import type { Alarms } from "../alarms/alarms.js";
import type { RunView } from "./run-view.js";

/** Raises `run_empty` where a run was finished without a single list. @throws JobsError */
export async function tellEmptyRun(
  { out, record: { runId, night } }: RunView,
  alarms: Pick<Alarms, "raise">,
): Promise<void> {
  const manifest = await out.manifest();
  if (manifest === undefined || manifest.users > 0) return;
  const first =
    manifest.rejected === 0 ? undefined : await firstLine(out.store.open(REJECTED_FILE));
  const why =
    first === undefined
      ? "its histories have no rows"
      : `all of its ${manifest.rejected} rows were rejected. The first of ${REJECTED_FILE}: ${first}`;
  alarms.raise({
    kind: "run_empty",
    runId,
    message: `Run ${runId} is complete and has no list: ${why}`,
    ...(night === undefined ? {} : { night }),
  });
}

/** More of a line is nothing to read in an alarm. */
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
