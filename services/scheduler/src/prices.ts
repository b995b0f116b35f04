import { jsonProblem, schemaProblem } from "@nightbeam/catalogue";
import { type Prices, pricesSchema } from "@nightbeam/run";
import { readOptionFile, refusedFile } from "@nightbeam/service";

const EXAMPLE = '{ "currency": "USD", "perHour": { "drafter": 0.05, "verifier": 1.2 } }';

/** Reads the file of `--prices`, if there is one. @throws UsageError BAD_OPTION, with the place in the file */
export async function readPrices(path: string | undefined): Promise<Prices | undefined> {
  if (path === undefined) return undefined;
  const file = { name: "--prices", path };
  const { bytes } = await readOptionFile(file);
  const parsed = pricesSchema.safeParse(parseJson(Buffer.from(bytes).toString("utf8"), file));
  if (parsed.success) return parsed.data;
  throw refusedFile(file, `cannot be used: ${schemaProblem(parsed.error)}. Write it as ${EXAMPLE}`);
}

function parseJson(text: string, file: { readonly name: string; readonly path: string }): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refusedFile(file, `is not JSON: ${jsonProblem(error)}. Write it as ${EXAMPLE}`, error);
  }
}
