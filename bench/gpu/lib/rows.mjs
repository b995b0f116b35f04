/** Prints one figure of a step, which run.mjs keeps. @param {object} row */
export function printRow(row) {
  console.log(JSON.stringify(row));
}

/** The device of a flag such as `cuda:1`. @param {string} name */
export function deviceOf(name) {
  const [kind, index = "0"] = name.split(":");
  return kind === "cuda" ? { kind, index: Number(index) } : { kind };
}

/** @param {unknown} error */
export const reasonOf = (error) =>
  String(error instanceof Error ? error.message : error).slice(0, 300);

/** @param {number[]} numbers not empty */
export const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
