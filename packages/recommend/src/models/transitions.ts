import type { Catalogue } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import { type Drafter, TransitionCounter, TransitionsDrafter } from "@nightbeam/decoding";

/** Counts which item follows which in all histories of the run, streamed. */
export async function transitionsDrafter(
  histories: AsyncIterable<readonly HistoryRow[]>,
  options: { catalogue: Catalogue; signal?: AbortSignal | undefined },
): Promise<Drafter> {
  const { catalogue, signal } = options;
  const counter = new TransitionCounter(catalogue.itemCount);
  for await (const rows of histories) {
    signal?.throwIfAborted();
    for (const row of rows) {
      if (row.kind === "history")
        counter.add(row.items.flatMap((id) => catalogue.itemIndex(id) ?? []));
    }
  }
  return new TransitionsDrafter({ catalogue, table: counter.finish() });
}
