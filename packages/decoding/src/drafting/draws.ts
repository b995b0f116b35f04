/**
 * A pseudo-random 32-bit number that depends on a seed and a counter alone: no state, so the numbers
 * can be computed in any order, and again.
 */
export function drawAt(seed: number, counter: number): number {
  return mixed((seed ^ Math.imul(counter + 1, 0x9e3779b9)) >>> 0);
}

/** 32 bits over the given 32-bit numbers. */
export function seedOf(numbers: Iterable<number>): number {
  let state = 0x811c9dc5;
  for (const number of numbers) state = mixed(Math.imul(state, 0x01000193) ^ number);
  return state;
}

/** The numbers 0 to `total - 1`, each once, in an order that depends on the seed. Memory grows with what is read. */
export function* shuffled(total: number, seed: number): Generator<number> {
  const moved = new Map<number, number>();
  for (let at = 0; at < total; at++) {
    const place = at + Math.floor((drawAt(seed, at) / 2 ** 32) * (total - at));
    yield moved.get(place) ?? place;
    moved.set(place, moved.get(at) ?? at);
    moved.delete(at);
  }
}

/** Spreads each bit over all 32. */
function mixed(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x21f0aaad);
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}
