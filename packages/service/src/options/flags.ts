import { type Command, Option } from "commander";
import { flagOf } from "./parse-options.js";

/** An option of a command, which an environment variable can give as well. */
export interface Flag {
  /** As commander writes it: "--lock-ms <ms>". */
  readonly flag: string;
  /** One line for the help and for docs/guides/environment.md. */
  readonly meaning: string;
  /** Default: `NIGHTBEAM_` and the name of the flag, such as NIGHTBEAM_LOCK_MS. */
  readonly variable?: string;
  /** Former names: they still work, with a warning, and no help shows them. */
  readonly aliases?: readonly string[];
}

/** A deprecated name that was used, and the name to use instead. */
export interface DeprecatedUse {
  readonly used: string;
  readonly use: string;
}

/** A former name of an option. */
class DeprecatedOption extends Option {
  readonly replacement: Option;

  constructor(flags: string, replacement: Option) {
    super(flags, `deprecated, use ${replacement.long}`);
    this.replacement = replacement;
    this.hideHelp();
  }
}

/** The source of a value that `replaceDeprecated` has moved. */
const MOVED = "deprecated";

/** Adds the flags. Each can be given by its environment variable as well; the flag wins. */
export function addFlags(command: Command, flags: readonly Flag[]): Command {
  for (const { flag, meaning, variable, aliases = [] } of flags) {
    const option = new Option(flag, meaning);
    command.addOption(option.env(variable ?? variableOf(option)));
    for (const name of aliases) {
      const alias = new DeprecatedOption(flag.replace(/^--\S+/, `--${name}`), option);
      command.addOption(alias.env(variableOf(alias)));
    }
  }
  return command;
}

function variableOf(option: Option): string {
  return `NIGHTBEAM_${option.name().replaceAll("-", "_").toUpperCase()}`;
}

/**
 * Gives the values of deprecated options to the options that have replaced them. If both are given, the
 * current name wins. To be called once a command has parsed its arguments.
 */
export function replaceDeprecated(command: Command): readonly DeprecatedUse[] {
  const used = command.options.filter((option) => isGiven(command, option)).filter(isDeprecated);
  return used.map((option) => {
    const { replacement } = option;
    const isVariable = command.getOptionValueSource(option.attributeName()) === "env";
    if (!isGiven(command, replacement)) {
      const value: unknown = command.getOptionValue(option.attributeName());
      command.setOptionValueWithSource(replacement.attributeName(), value, MOVED);
    }
    return {
      used: givenName(command, option),
      use: (isVariable ? replacement.envVar : replacement.long) ?? replacement.name(),
    };
  });
}

/** Returns what the user gave an option with: its flag, or its variable if the value came from there. */
export function nameIn(command: Command): (key: string) => string {
  return (key) => {
    const option = command.options.find((one) => one.attributeName() === key);
    if (option === undefined) return flagOf(key);
    const isMoved = command.getOptionValueSource(key) === MOVED;
    const alias = command.options.find((one) => {
      return isDeprecated(one) && one.replacement === option && isGiven(command, one);
    });
    return givenName(command, (isMoved ? alias : undefined) ?? option);
  };
}

function givenName(command: Command, option: Option): string {
  const isVariable = command.getOptionValueSource(option.attributeName()) === "env";
  return (isVariable ? option.envVar : option.long) ?? option.name();
}

/** A variable that is set to nothing counts as not given. */
function isGiven(command: Command, option: Option): boolean {
  const value: unknown = command.getOptionValue(option.attributeName());
  return value !== undefined && value !== "";
}

function isDeprecated(option: Option): option is DeprecatedOption {
  return option instanceof DeprecatedOption;
}
