import { sqlName } from "../duckdb/sql.js";
import { DatasetError } from "../errors.js";

/** Types whose text is the id. */
const ID_TYPE = /^(VARCHAR|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|UUID|ENUM\(.*\)|BLOB)$/s;
/** Whole numbers as other programs write them: pandas if values are missing, Snowflake and Oracle always. */
const NUMBER_TYPE = /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/;
/** In front of what is not an id, so that it is not one by accident. */
export const BAD_ID = "\0";

/** Checks that a column can hold ids. @throws DatasetError COLUMN_TYPE */
export function requireIdType(options: {
  readonly path: string;
  readonly column: string;
  readonly type: string;
}): void {
  const { path, column, type } = options;
  if (ID_TYPE.test(type) || NUMBER_TYPE.test(type)) return;
  throw new DatasetError(
    "COLUMN_TYPE",
    `${path}: column "${column}" is ${type}; ids are texts or whole numbers. Write the column as text.`,
  );
}

/**
 * The SQL of an id as a text. NULL if it is missing; `BAD_ID` and the value if it is a number with a
 * fraction, or beyond 2^53 in floating point.
 */
export function idExpression(value: string, type: string): string {
  if (!NUMBER_TYPE.test(type)) return `nullif(CAST(${value} AS VARCHAR), '')`;
  const floats = type === "FLOAT" || type === "DOUBLE";
  const whole = floats
    ? `${value} = trunc(${value}) AND abs(${value}) <= 9007199254740991`
    : `${value} = trunc(${value})`;
  const missing = floats ? `${value} IS NULL OR isnan(${value})` : `${value} IS NULL`;
  return (
    `CASE WHEN ${missing} THEN NULL WHEN ${whole} THEN CAST(CAST(${value} AS HUGEINT) AS VARCHAR) ` +
    `ELSE chr(0) || CAST(${value} AS VARCHAR) END`
  );
}

/** `idExpression` of a column. */
export function columnId(name: string, type: string): string {
  return idExpression(sqlName(name), type);
}

/** What is wrong with an id that `idExpression` marked. */
export function badIdProblem(what: string, id: string): string {
  return `${what} ${id.slice(BAD_ID.length)} is not a whole number within 2^53`;
}
