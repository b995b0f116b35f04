import { type Command, Option } from "commander";
import { UsageError } from "../errors.js";
import { readSecretFile } from "./option-files.js";
import { flagOf } from "./parse-options.js";

/** An option of a command, which an environment variable can give as well. */
export interface Flag {
  /** As commander writes it: "--lock-ms <ms>". */
  readonly flag: string;
  /** One line for the help and for docs/guides/environment.md. */
  readonly meaning: string;
  /** Default: `NIGHTBEAM_` and the name of the flag, such as NIGHTBEAM_LOCK_MS. */
  readonly variable?: string;
  /** A file can give it as well: `--NAME-file`, or the variable with `_FILE`. Messages do not show its value. */
  readonly isSecret?: boolean;
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

/** Names the file of a secret. */
class SecretFileOption extends Option {
  readonly secret: Option;

  constructor(flags: string, secret: Option) {
    super(flags, `file that contains ${secret.long}`);
    this.secret = secret;
  }
}

/** The source of a value that was read from a file. */
const FILE = "file";
/** The source of a value that `replaceDeprecated` has moved. */
const MOVED = "deprecated";

/**
 * Adds the flags. Each can be given by its environment variable as well; the flag wins. Before the command's action,
 * secrets are read from their files.
 *
 * @param warn called with what is unsafe about a file. Default: a line on standard error
 */
export function addFlags(
  command: Command,
  flags: readonly Flag[],
  warn: (line: string) => void = (line) => process.stderr.write(`warning: ${line}\n`),
): Command {
  for (const { flag, meaning, variable, aliases = [], isSecret = false } of flags) {
    const option = new Option(flag, meaning);
    const name = variable ?? variableOf(option);
    command.addOption(option.env(name));
    if (isSecret) {
      const file = new SecretFileOption(`${option.long}-file <file>`, option);
      command.addOption(file.env(`${name}_FILE`));
    }
    for (const name of aliases) {
      const alias = new DeprecatedOption(flag.replace(/^--\S+/, `--${name}`), option);
      command.addOption(alias.env(variableOf(alias)));
    }
  }
  return command.hook("preAction", (_, running) => readSecrets(running, warn));
}

/** Gives secrets the content of their files. @throws UsageError BAD_OPTION */
async function readSecrets(command: Command, warn: (line: string) => void): Promise<void> {
  for (const option of command.options.filter(isSecretFile)) {
    if (!isGiven(command, option) || !isFileUsed(command, option)) continue;
    const path = String(command.getOptionValue(option.attributeName()));
    const name = givenName(command, option);
    const { value, warning } = await readSecretFile({ name, path });
    command.setOptionValueWithSource(option.secret.attributeName(), value, FILE);
    if (warning !== undefined) warn(warning);
  }
}

/** Whether a secret's file counts: a flag beats a variable. @throws UsageError BAD_OPTION if neither beats the other */
function isFileUsed(command: Command, file: SecretFileOption): boolean {
  const source = command.getOptionValueSource(file.secret.attributeName());
  if (!isGiven(command, file.secret) || source === FILE) return true;
  const [fileIsFlag, secretIsFlag] = [file, file.secret].map(
    (option) => !isVariable(command, option),
  );
  if (fileIsFlag !== secretIsFlag) return fileIsFlag === true;
  const names = [file.secret, file].map((option) => givenName(command, option));
  throw new UsageError("BAD_OPTION", `${names.join(" and ")} are both set: unset one of them`);
}

/** Whether an option is a secret, whose value no message shows. */
export function secretsIn(command: Command): (key: string) => boolean {
  const keys = new Set(
    command.options.filter(isSecretFile).map(({ secret }) => secret.attributeName()),
  );
  return (key) => keys.has(key);
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
    const wasVariable = isVariable(command, option);
    if (!isGiven(command, replacement)) {
      const value: unknown = command.getOptionValue(option.attributeName());
      command.setOptionValueWithSource(replacement.attributeName(), value, MOVED);
    }
    return {
      used: givenName(command, option),
      use: (wasVariable ? replacement.envVar : replacement.long) ?? replacement.name(),
    };
  });
}

/** Returns what the user gave an option with: its flag, or its variable if the value came from there. */
export function nameIn(command: Command): (key: string) => string {
  return (key) => {
    const option = command.options.find((one) => one.attributeName() === key);
    if (option === undefined) return flagOf(key);
    const source = command.getOptionValueSource(key);
    const file = command.options.find((one) => isSecretFile(one) && one.secret === option);
    if (source === FILE && file !== undefined) return givenName(command, file);
    const isMoved = source === MOVED;
    const alias = command.options.find((one) => {
      return isDeprecated(one) && one.replacement === option && isGiven(command, one);
    });
    return givenName(command, (isMoved ? alias : undefined) ?? option);
  };
}

function givenName(command: Command, option: Option): string {
  return (isVariable(command, option) ? option.envVar : option.long) ?? option.name();
}

function isVariable(command: Command, option: Option): boolean {
  return command.getOptionValueSource(option.attributeName()) === "env";
}

/** A variable that is set to nothing counts as not given. */
function isGiven(command: Command, option: Option): boolean {
  const value: unknown = command.getOptionValue(option.attributeName());
  return value !== undefined && value !== "";
}

function isSecretFile(option: Option): option is SecretFileOption {
  return option instanceof SecretFileOption;
}

function isDeprecated(option: Option): option is DeprecatedOption {
  return option instanceof DeprecatedOption;
}
