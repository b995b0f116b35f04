import { jsonProblem, schemaProblem } from "@nightbeam/catalogue";
import { readSmall, StoreError } from "@nightbeam/store";
import type { z } from "zod";
import { ModelError, type ModelErrorCode } from "../errors.js";
import { isPointerText, pointerProblem } from "./lfs-pointer.js";

/** How a file's content is checked, and what its errors say. */
interface JsonCheck<Schema extends z.ZodType> {
  readonly schema: Schema;
  readonly code: ModelErrorCode;
  readonly remedy: string;
}

/**
 * Reads a JSON file of a checkpoint and checks it.
 *
 * @throws ModelError MISSING_FILE; `code` if the content does not match the schema, naming the field
 */
export async function readJson<Schema extends z.ZodType>(
  path: string,
  check: JsonCheck<Schema>,
): Promise<z.output<Schema>> {
  let text: string;
  try {
    text = (await readSmall(path)).toString("utf8");
  } catch (cause) {
    if (cause instanceof StoreError) throw new ModelError(check.code, cause.message, { cause });
    throw new ModelError("MISSING_FILE", `cannot read ${path}: ${check.remedy}`, { cause });
  }
  if (isPointerText(text)) throw new ModelError(check.code, pointerProblem(path));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ModelError(check.code, `${path} is not JSON: ${jsonProblem(cause)}`, { cause });
  }
  return checkJson(json, { ...check, path });
}

/** The same for JSON that has been read. @throws ModelError with `code`, naming the field */
export function checkJson<Schema extends z.ZodType>(
  json: unknown,
  { path, schema, code, remedy }: JsonCheck<Schema> & { readonly path: string },
): z.output<Schema> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const problem = schemaProblem({ issues: issue === undefined ? [] : [issue] });
  const place = issue?.path.length ? "" : "the file: ";
  throw new ModelError(code, `${path}: ${place}${problem}; ${remedy}`);
}
