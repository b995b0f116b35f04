import { ControlError } from "../errors.js";

const ADDRESS = /^(\[[0-9a-fA-F:.]{2,45}\]|[-\w.]{1,253}):(\d{1,5})$/;

/** Returns whether a text is host:port, with an IPv6 host in brackets. */
export function isAddress(text: string): boolean {
  const port = Number(ADDRESS.exec(text)?.[2] ?? 0);
  return port >= 1 && port <= 65_535;
}

/** Parses a list of addresses and removes duplicates. @throws ControlError BAD_ADDRESS */
export function parseAddresses(list: string | readonly string[]): readonly string[] {
  const texts = typeof list === "string" ? list.split(",") : list;
  const addresses = texts.map((text) => text.trim()).filter((text) => text !== "");
  for (const address of addresses) {
    if (!isAddress(address)) {
      throw new ControlError(
        "BAD_ADDRESS",
        `"${address}" is not an address. Write host:port, for example 10.0.0.7:50051.`,
      );
    }
  }
  return [...new Set(addresses)];
}
