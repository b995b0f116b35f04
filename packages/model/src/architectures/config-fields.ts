import { z } from "zod";
import { checkJson } from "../checkpoint/read-json.js";
import { ModelError } from "../errors.js";

/*
 * Fields of `config.json` that families share. Sizes beyond every model are refused: a larger one is a damaged file,
 * and would be allocated before that shows.
 */

export const size = z
  .int()
  .positive()
  .max(2 ** 22);
export const count = z.int().positive().max(4096);
export const vocabularySize = z
  .int()
  .positive()
  .max(2 ** 26);

/** @param path of the file, for errors @throws ModelError BAD_CHECKPOINT, naming the field */
export function checkConfig<Schema extends z.ZodType>(
  json: object,
  options: { readonly path: string; readonly schema: Schema },
): z.output<Schema> {
  return checkJson(json, {
    ...options,
    code: "BAD_CHECKPOINT",
    remedy: "a checkpoint is a directory as `save_pretrained` of Hugging Face writes it",
  });
}

/** @throws ModelError UNSUPPORTED if a field says that the weights are quantised */
export function refuseQuantized(
  fields: Readonly<Record<string, unknown>>,
  { path }: { readonly path: string },
): void {
  for (const field of ["quantization_config", "quantization"]) {
    if (fields[field] === undefined || fields[field] === null) continue;
    throw new ModelError(
      "UNSUPPORTED",
      `${path}: ${field} is set: give the checkpoint before quantisation; --precision int8 quantises it`,
    );
  }
}
