import { createReadStream } from "node:fs";
import { text } from "node:stream/consumers";
import { excerpts, jsonProblem } from "@nightbeam/catalogue";
import { UsageError } from "@nightbeam/service";
import {
  parseRecommendSettings,
  type RecommendSettings,
  recommendFields,
} from "@nightbeam/settings";
import { readSmall } from "@nightbeam/store";
import { z } from "zod";
import { settingsFrom } from "../options/settings-from.js";

const KEYS = Object.keys(recommendFields.shape);

/**
 * Returns the flags, over the keys of the config file, over the defaults.
 *
 * @throws UsageError BAD_OPTION, BAD_CONFIG; SettingsError BAD_DRAFT
 */
export async function recommendOptions(flags: Record<string, unknown>): Promise<RecommendSettings> {
  const { config, ...given } = flags;
  const fromFile = typeof config === "string" ? await readConfig(config) : {};
  return settingsFrom(
    { ...fromFile, ...given },
    { fields: recommendFields.shape, parse: parseRecommendSettings },
  );
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  const refuse = (problem: string, cause?: unknown) =>
    new UsageError("BAD_CONFIG", `--config ${path} ${problem}`, { cause });
  let config: Record<string, unknown>;
  try {
    config = z.record(z.string(), z.unknown()).parse(JSON.parse(await readText(path)));
  } catch (cause) {
    if (cause instanceof SyntaxError) throw refuse(`is not JSON: ${jsonProblem(cause)}`, cause);
    if (cause instanceof z.ZodError) throw refuse("is not a JSON object of options", cause);
    throw refuse(`cannot be read: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
  const unknown = Object.keys(config).filter((key) => !KEYS.includes(key));
  if (unknown.length > 0) {
    throw refuse(
      `has the unknown ${unknown.length === 1 ? "key" : "keys"} ${excerpts(unknown)}; keys are ${KEYS.join(", ")}`,
    );
  }
  return config;
}

/** What a shell makes of `<(…)`, and standard input: the only pipes that are read. */
const SHELL_PIPE = /^\/(?:dev|proc\/self)\/(?:fd\/\d+|stdin)$/;
/** Settings are short; a device has no end. */
const MAX_CONFIG_BYTES = 1 << 20;

async function readText(path: string): Promise<string> {
  if (!SHELL_PIPE.test(path)) return (await readSmall(path, MAX_CONFIG_BYTES)).toString("utf8");
  return text(createReadStream(path, { end: MAX_CONFIG_BYTES }));
}
