/**
 * Item number of a place in path order. Numbers are scattered over the places, as in a real
 * catalogue: code that mixes up the two orders must not pass by luck. It depends on the number of
 * items alone, so that histories made apart from the catalogue fit it.
 */
export function itemAtPlace(place: number, items: number): number {
  return Number((BigInt(place) * BigInt(strideOf(items)) + 7n) % BigInt(items));
}

/** Near the golden section of the items, and coprime to them: every number comes up once. */
function strideOf(items: number): number {
  let stride = Math.max(1, Math.floor(0.618 * items));
  while (greatestCommonDivisor(stride, items) !== 1) stride--;
  return stride;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
