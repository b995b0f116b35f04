import type { DuckDBValue } from "@duckdb/node-api";

/** A VARCHAR value of a result, or null. The query casts the column, so there are no other types. */
export function textValue(value: DuckDBValue | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** A count or row number of a result; exact up to 2^53. */
export function numberValue(value: DuckDBValue | undefined): number {
  return typeof value === "bigint" || typeof value === "number" ? Number(value) : 0;
}
