import type { Unreadable } from "@nightbeam/api";

/** One line for each record of the scheduler that cannot be read. */
export function unreadableLines(kind: string, unreadable: readonly Unreadable[]): string[] {
  return unreadable.map(({ name, reason }) => `${kind} ${name} cannot be read: ${reason}`);
}
