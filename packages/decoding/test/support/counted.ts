import { TransitionCounter, type TransitionTable } from "../../src/index.js";

/** The transitions of these histories. */
export function counted(
  itemCount: number,
  histories: readonly ArrayLike<number>[],
): TransitionTable {
  const counter = new TransitionCounter(itemCount);
  for (const history of histories) counter.add(history);
  return counter.finish();
}
