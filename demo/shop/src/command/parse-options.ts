import { ShopError } from "../errors.js";

/** The parsed options, with defaults; numbers are whole. */
export interface CommandOptions {
  readonly out: string | undefined;
  readonly seed: number;
  readonly items: number;
  /** Users `fromUser` … `users` - 1 are made. */
  readonly users: number;
  readonly fromUser: number;
}

/** Reads `--seed 7 --items 6000`, also `--seed=7`; the last of repeated options wins. */
export function parseOptions(args: readonly string[], allowed: readonly string[]): CommandOptions {
  const given = readPairs(args, allowed);
  const number = (option: string, { min, standard }: { min: number; standard: number }) => {
    const text = given.get(option);
    if (text === undefined) return standard;
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || !Number.isSafeInteger(value)) {
      throw bad(`${option} is "${text}": give a whole number of at least ${min}`);
    }
    return value;
  };
  const users = number("--users", { min: 1, standard: 24_000 });
  const fromUser = number("--from-user", { min: 0, standard: 0 });
  if (fromUser >= users) {
    throw bad(`--from-user is ${fromUser}: give a number below --users, which is ${users}`);
  }
  return {
    out: given.get("--out"),
    seed: number("--seed", { min: 0, standard: 7 }),
    items: number("--items", { min: 1, standard: 6_000 }),
    users,
    fromUser,
  };
}

function readPairs(args: readonly string[], allowed: readonly string[]): Map<string, string> {
  const given = new Map<string, string>();
  const rest = args.flatMap((arg) => {
    const equals = arg.startsWith("--") ? arg.indexOf("=") : -1;
    return equals < 0 ? [arg] : [arg.slice(0, equals), arg.slice(equals + 1)];
  });
  for (let place = 0; place < rest.length; place += 2) {
    const option = rest[place] ?? "";
    const value = rest[place + 1];
    if (!allowed.includes(option)) {
      throw bad(`"${option}" is not an option: the options are ${allowed.join(", ")}`);
    }
    if (value === undefined || value === "" || value.startsWith("--")) {
      throw bad(`${option} has no value: write it after the option, as in "${option} …"`);
    }
    given.set(option, value);
  }
  return given;
}

function bad(message: string): ShopError {
  return new ShopError("BAD_OPTION", message);
}
