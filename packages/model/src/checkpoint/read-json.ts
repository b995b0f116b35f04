import { readFile } from "node:fs/promises";
import type { z } from "zod";
import { ModelError, type ModelErrorCode } from "../errors.js";

/**
 * Reads a JSON file of a checkpoint and checks it.
 *
 * @throws ModelError MISSING_FILE; `code` where the content is not as it should be, naming the field
 */
export async function readJson<Schema extends z.ZodType>(
  path: string,
  options: { schema: Schema; code: ModelErrorCode; remedy: string },
): Promise<z.output<Schema>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new ModelError("MISSING_FILE", `cannot read ${path}: ${options.remedy}`, { cause });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ModelError(options.code, `${path} is not JSON: ${String(cause)}`, { cause });
  }
  const parsed = options.schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".") || "the file";
  throw new ModelError(options.code, `${path}: ${field}: ${issue?.message}; ${options.remedy}`);
}
