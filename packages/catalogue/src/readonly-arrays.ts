/** Members that change an array or return it as a type that can be changed. */
type Writing =
  | "set"
  | "fill"
  | "sort"
  | "reverse"
  | "copyWithin"
  | "buffer"
  | "subarray"
  | "valueOf";

/** A callback of an array's method. It gets the array too, read-only. */
type Visit<Numbers, Result> = (
  value: number,
  index: number,
  array: ReadonlyTypedArray<Numbers>,
) => Result;

type Reduce<Numbers, Total> = (
  total: Total,
  value: number,
  index: number,
  array: ReadonlyTypedArray<Numbers>,
) => Total;

/** The methods that take a callback. */
interface Visiting<Numbers> {
  every(predicate: Visit<Numbers, unknown>): boolean;
  some(predicate: Visit<Numbers, unknown>): boolean;
  find(predicate: Visit<Numbers, boolean>): number | undefined;
  findIndex(predicate: Visit<Numbers, boolean>): number;
  findLast(predicate: Visit<Numbers, boolean>): number | undefined;
  findLastIndex(predicate: Visit<Numbers, boolean>): number;
  forEach(visit: Visit<Numbers, void>): void;
  /** Returns a copy. */
  filter(predicate: Visit<Numbers, unknown>): Numbers;
  /** Returns a copy. */
  map(visit: Visit<Numbers, number>): Numbers;
  reduce(add: Reduce<Numbers, number>): number;
  reduce<Total>(add: Reduce<Numbers, Total>, first: Total): Total;
  reduceRight(add: Reduce<Numbers, number>): number;
  reduceRight<Total>(add: Reduce<Numbers, Total>, first: Total): Total;
}

/** A typed array that can be read and not written. Any typed array of its kind can be passed as one. */
type ReadonlyTypedArray<Numbers> = {
  readonly [Key in Exclude<keyof Numbers, Writing | keyof Visiting<Numbers>>]: Numbers[Key];
} & Visiting<Numbers> & {
    /** A view of the same memory, read-only too. */
    subarray(begin?: number, end?: number): ReadonlyTypedArray<Numbers>;
  };

export type ReadonlyFloat64Array = ReadonlyTypedArray<Float64Array>;
export type ReadonlyInt32Array = ReadonlyTypedArray<Int32Array>;
export type ReadonlyUint16Array = ReadonlyTypedArray<Uint16Array>;
export type ReadonlyUint32Array = ReadonlyTypedArray<Uint32Array>;
