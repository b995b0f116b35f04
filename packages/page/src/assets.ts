import { readFile } from "node:fs/promises";

/** A built file: the script of the night's page, that of a report, the styles of both. */
export type AssetName = "night.js" | "report.js" | "style.css";

/** Reads a built file as text. */
export async function readAsset(name: AssetName): Promise<string> {
  return readFile(new URL(`assets/${name}`, import.meta.url), "utf8");
}
