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

/** A typed array that can be read and not written. Any typed array of its kind can be passed as one. */
type ReadonlyTypedArray<Numbers> = {
  readonly [Key in Exclude<keyof Numbers, Writing>]: Numbers[Key];
} & {
  /** A view of the same memory, read-only too. */
  subarray(begin?: number, end?: number): ReadonlyTypedArray<Numbers>;
};

export type ReadonlyFloat64Array = ReadonlyTypedArray<Float64Array>;
export type ReadonlyInt32Array = ReadonlyTypedArray<Int32Array>;
export type ReadonlyUint16Array = ReadonlyTypedArray<Uint16Array>;
export type ReadonlyUint32Array = ReadonlyTypedArray<Uint32Array>;
