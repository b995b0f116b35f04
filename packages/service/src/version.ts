import { readFile } from "node:fs/promises";
import { z } from "zod";

const packageSchema = z.object({ version: z.string() });

/** Reads the version from a package.json. */
export async function readVersion(packageFile: URL): Promise<string> {
  return packageSchema.parse(JSON.parse(await readFile(packageFile, "utf8"))).version;
}
