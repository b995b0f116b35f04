import { SHARD_STATES, type ShardState } from "@nightbeam/api/shards";

/** The states in the order of their numbers in `ShardStates`. */
export const STATES: readonly ShardState[] = Object.values(SHARD_STATES);

/** The place of a letter's state in `STATES`. */
const NUMBERS = new Map(Object.keys(SHARD_STATES).map((letter, number) => [letter, number]));

/** The state of each shard, as a place in `STATES`: one byte per shard, so that 100,000 are nothing. */
export function decodeStates(text: string, total: number): Uint8Array {
  const states = new Uint8Array(total);
  let at = 0;
  for (const [, letter = "", length = ""] of text.matchAll(/([a-z])(\d+)/g)) {
    const end = Math.min(total, at + Number(length));
    states.fill(NUMBERS.get(letter) ?? 0, at, end);
    at = end;
  }
  return states;
}

/** How many shards are in each state, in the order of `STATES`. */
export function countStates(states: Uint8Array): readonly number[] {
  const counts = STATES.map(() => 0);
  for (const state of states) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

/** Where shards are drawn. Sizes are in CSS pixels. */
export interface MapLayout {
  /** From one cell to the next. */
  readonly step: number;
  /** Of the square itself. */
  readonly size: number;
  readonly columns: number;
  readonly rows: number;
}

const LARGEST = 22;
const SMALLEST = 2;

/** The largest cells with which all shards fit into a box; in a box that is too small, the smallest. */
export function layOut(
  total: number,
  { width, height }: { readonly width: number; readonly height: number },
): MapLayout {
  const fits = (step: number) =>
    Math.ceil(total / Math.max(1, Math.floor(width / step))) * step <= height;
  let step = LARGEST;
  while (step > SMALLEST && !fits(step)) step--;
  const columns = Math.max(1, Math.floor(width / step));
  const gap = step >= 12 ? 3 : step >= 6 ? 2 : step >= 4 ? 1 : 0;
  return { step, size: step - gap, columns, rows: Math.max(1, Math.ceil(total / columns)) };
}

/** The shard at a point. Undefined beside the map. */
export function shardAt(
  { step, columns }: MapLayout,
  { x, y, total }: { readonly x: number; readonly y: number; readonly total: number },
): number | undefined {
  const column = Math.floor(x / step);
  const index = Math.floor(y / step) * columns + column;
  return x < 0 || y < 0 || column >= columns || index >= total ? undefined : index;
}

/** The shard that a key moves to. Undefined for other keys. */
export function moved(
  index: number,
  {
    key,
    columns,
    total,
  }: { readonly key: string; readonly columns: number; readonly total: number },
): number | undefined {
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: columns,
    ArrowUp: -columns,
    PageDown: columns * 10,
    PageUp: -columns * 10,
    Home: -total,
    End: total,
  };
  const step = steps[key];
  return step === undefined ? undefined : Math.max(0, Math.min(total - 1, index + step));
}

/** The next shard in a state after an index, from the start again at the end. */
export function nextInState(
  states: Uint8Array,
  { after, state }: { readonly after: number; readonly state: number },
) {
  const next = states.indexOf(state, after + 1);
  const found = next < 0 ? states.indexOf(state) : next;
  return found < 0 ? undefined : found;
}
