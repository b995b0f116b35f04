import { DatasetError } from "../errors.js";

/** Types whose text is the id. Floating point is not one of them: 7 would become "7.0". */
const ID_TYPE = /^(VARCHAR|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|UUID|ENUM\(.*\)|BLOB)$/s;

/** Checks that a column can hold ids. @throws DatasetError COLUMN_TYPE */
export function requireIdType(options: {
  readonly path: string;
  readonly column: string;
  readonly type: string;
}): void {
  if (ID_TYPE.test(options.type)) return;
  throw new DatasetError(
    "COLUMN_TYPE",
    `${options.path}: column "${options.column}" is ${options.type}; ids are texts or whole ` +
      "numbers. Write the column as text.",
  );
}
