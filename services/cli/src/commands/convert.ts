import { existsSync } from "node:fs";
import { convertCheckpoint, openCheckpoint } from "@nightbeam/model";
import { Command } from "commander";
import { z } from "zod";
import { UsageError } from "../errors.js";
import { optionError } from "../recommend/options.js";

const schema = z.object({
  model: z.string(),
  out: z.string(),
  precision: z.enum(["fp32", "int8"]).default("fp32"),
});

/** `nightbeam convert` */
export function convertCommand(): Command {
  return new Command("convert")
    .description(
      "write a checkpoint in the numbers that the runtime uses, to be used as a --target or --draft",
    )
    .option(
      "--model <dir>",
      "a Hugging Face checkpoint of the LLaMA family, in float32, float16 or bfloat16",
    )
    .option("--out <dir>", "a new directory")
    .option("--precision <kind>", "fp32 or int8 (default fp32)")
    .action(async (flags: Record<string, unknown>) => {
      const parsed = schema.safeParse(flags);
      if (!parsed.success) throw optionError(parsed.error);
      const { model, out, precision } = parsed.data;
      if (existsSync(out))
        throw new UsageError("BAD_OPTION", `--out ${out} exists already; name a new directory`);
      const converted = await convertCheckpoint(await openCheckpoint(model), { precision, out });
      process.stdout.write(
        `${converted.directory} holds the model in ${precision}, ${converted.tensors.size} tensors.\n`,
      );
    });
}
