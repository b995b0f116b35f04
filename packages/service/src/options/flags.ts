import { type Command, Option } from "commander";
import { flagOf } from "./parse-options.js";

/** A flag with its meaning and, where it is not the flag's own name, its environment variable. */
export type Flag = readonly [flag: string, meaning: string, variable?: string];

/** Adds the flags; each can be given by its environment variable as well, and the flag wins. */
export function addFlags(command: Command, flags: readonly Flag[]): Command {
  for (const [flag, meaning, variable] of flags) {
    const option = new Option(flag, meaning);
    const name = option.name().replaceAll("-", "_").toUpperCase();
    command.addOption(option.env(variable ?? `NIGHTBEAM_${name}`));
  }
  return command;
}

/** What a person gave an option with: its flag, or its variable where the value came from there. */
export function nameIn(command: Command): (key: string) => string {
  return (key) => {
    const option = command.options.find((one) => one.attributeName() === key);
    const isVariable = command.getOptionValueSource(key) === "env";
    return (isVariable ? option?.envVar : option?.long) ?? flagOf(key);
  };
}
