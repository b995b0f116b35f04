import { resolve } from "node:path";
import { DEFAULT_DIRECTORY } from "./cluster-file.js";
import type { ClusterUpOptions } from "./options.js";

/** The next commands, ready to be copied. */
export function usageHint(
  options: ClusterUpOptions,
  cluster: { readonly scheduler: string; readonly env: NodeJS.ProcessEnv },
): string {
  // In a clone the command is run as `npx nightbeam`, which npm shows by this variable.
  const nightbeam = cluster.env.npm_command === "exec" ? "npx nightbeam" : "nightbeam";
  const { target, catalogue, directory, scoring, precision, tls } = options;
  // Client commands find a cluster in the default directory by themselves.
  const usual = resolve(directory) === resolve(DEFAULT_DIRECTORY);
  const connection = [
    `--scheduler ${cluster.scheduler}`,
    `--token-file ${quoted(`${directory}/token`)}`,
    ...(tls === undefined ? [] : [`--tls-ca ${quoted(`${tls}/ca.pem`)}`]),
  ];
  const where = usual ? [] : [connection.join(" ")];
  const models = [
    ...(scoring === "full" ? [] : [`--scoring ${scoring}`]),
    ...(precision === "fp32" ? [] : [`--precision ${precision}`]),
  ];
  const lines = [
    `${nightbeam} submit`,
    `--target ${quoted(target)} --catalogue ${quoted(catalogue)}`,
    "--draft DRAFT --histories HISTORIES.jsonl --out LISTS",
    ...(models.length === 0 ? [] : [models.join(" ")]),
    ...where,
  ];
  const follow = [`${nightbeam} status RUN --follow`, ...where].join(" ");
  return [
    "The cluster is up. In another terminal, from this directory:",
    "",
    `  ${lines.join(" \\\n      ")}`,
    `  ${follow}`,
    "",
    `Or open its page, ${cluster.scheduler}, and log in with the token in ${directory}/token.`,
    `Ctrl-C here, or ${nightbeam} cluster down, stops it. Unfinished runs continue after the next start.`,
  ].join("\n");
}

/** Quotes a word for the shell. */
function quoted(word: string): string {
  return /^[-\w./:@%+=,]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
