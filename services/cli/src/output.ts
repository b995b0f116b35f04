import { print } from "@nightbeam/service/terminal";
import type { Command } from "commander";

/** Adds --json, see `printResult`. */
export function withJson(command: Command): Command {
  return command.option("--json", "print JSON");
}

/** Prints the result of a command: JSON with --json, else text for people. */
export function printResult(
  { json }: { readonly json?: unknown },
  result: { readonly value: unknown; readonly text: string },
): void {
  print(`${json === true ? JSON.stringify(result.value, null, 2) : result.text}\n`);
}
