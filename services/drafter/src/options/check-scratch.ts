import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";
import { makeDirectory } from "@nightbeam/store";

/** Fails early if files cannot be written to the scratch directory. @throws UsageError BAD_OPTION */
export async function checkScratch(directory: string): Promise<void> {
  const probe = join(directory, `nightbeam-probe-${process.pid}`);
  try {
    await makeDirectory(directory);
    await writeFile(probe, "probe");
    await rm(probe, { force: true });
  } catch (error) {
    throw new UsageError(
      "BAD_OPTION",
      `--scratch ${directory} cannot be written: ${reasonOf(error)}. Use another directory with free space.`,
      { cause: error },
    );
  }
}
