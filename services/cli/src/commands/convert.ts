import { existsSync } from "node:fs";
import { convertCheckpoint, openCheckpoint, PRECISIONS } from "@nightbeam/model";
import { oneOf, parseOptions, UsageError, withRequired } from "@nightbeam/service";
import { whole } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { z } from "zod";
import { printResult, withJson } from "../output.js";

const schema = z.object({
  model: z.string(),
  out: z.string(),
  precision: oneOf(PRECISIONS).default("fp32"),
});

/** `nightbeam convert` */
export function convertCommand(): Command {
  return withRequired(
    withJson(new Command("convert"))
      .option(
        "--model <dir>",
        "Hugging Face checkpoint of the LLaMA or T5 family, in float32, float16 or bfloat16",
      )
      .option("--out <dir>", "a new directory")
      .option("--precision <kind>", "fp32, fp16, bf16 or int8 (default fp32)")
      .action(async (flags: Record<string, unknown>) => {
        const { model, out, precision } = parseOptions(schema, flags);
        if (existsSync(out))
          throw new UsageError("BAD_OPTION", `--out ${out} exists already; use a new directory`);
        const checkpoint = await openCheckpoint(model);
        if ([...checkpoint.tensors.values()].some(({ type }) => type === "I8")) {
          throw new UsageError(
            "BAD_OPTION",
            `--model ${model} is already converted to int8; use the original checkpoint`,
          );
        }
        const converted = await convertCheckpoint(checkpoint, { precision, out });
        const tensors = converted.tensors.size;
        const text = `wrote the model to ${out} in ${precision}, ${whole(tensors)} tensors`;
        printResult(flags, { value: { out, precision, tensors }, text });
      }),
    schema,
  );
}
