/** A request's key as it is typed: `beamWidth` is `--beam-width`. */
export function flagOf(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A place in a request as it is typed: the second of `draft` is `--draft[1]`. */
export function flagOfPath([key, ...rest]: readonly PropertyKey[]): string {
  return `${flagOf(String(key))}${rest.map((part) => `[${String(part)}]`).join("")}`;
}
