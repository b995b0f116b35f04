/**
 * Item number of a place in path order. Numbers are scattered over the places, as in a real
 * catalogue, so that tests catch code that confuses the two orders. The mapping depends only on the
 * number of items, so histories can be generated without the catalogue.
 */
export function itemAtPlace(place: number, items: number): number {
  return Number((BigInt(place) * BigInt(strideOf(items)) + 7n) % BigInt(items));
}

/**
 * Close to the golden ratio of the number of items, and coprime to it: every number occurs once.
 */
function strideOf(items: number): number {
  let stride = Math.max(1, Math.floor(0.618 * items));
  while (greatestCommonDivisor(stride, items) !== 1) stride--;
  return stride;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
