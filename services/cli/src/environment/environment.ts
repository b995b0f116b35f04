import type { Command, Option } from "commander";
import { GROUPS } from "../commands/registry.js";

/** An environment variable, with the flag and the meaning of its option. */
export interface Variable {
  readonly name: string;
  readonly flag: string;
  readonly meaning: string;
}

/** The variables of a command and its subcommands, in the order of its help. */
export interface CommandVariables {
  readonly command: string;
  readonly variables: readonly Variable[];
}

/** All variables that commands read, from their options. Loads every command. */
export async function allVariables(): Promise<readonly CommandVariables[]> {
  const commands = GROUPS.flatMap((group) => group.commands);
  const all = await Promise.all(
    commands.map(async ({ name, load }) => ({
      command: name,
      variables: variablesOf(await load()),
    })),
  );
  return all.filter(({ variables }) => variables.length > 0);
}

function variablesOf(command: Command): Variable[] {
  const found = new Map<string, Variable>();
  for (const option of command.options) {
    // Hidden options are former names.
    if (option.envVar !== undefined && !option.hidden)
      found.set(option.envVar, describe(option, option.envVar));
  }
  for (const inner of command.commands.flatMap(variablesOf)) {
    if (!found.has(inner.name)) found.set(inner.name, inner);
  }
  return [...found.values()];
}

function describe({ flags, description }: Option, name: string): Variable {
  return { name, flag: flags, meaning: description };
}
