import { jsonProblem, schemaProblem } from "@nightbeam/catalogue";
import type { HistoryRow } from "@nightbeam/dataset";
import { z } from "zod";

const row = z.int().min(0);

const rowSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("history"),
    row,
    user: z.string(),
    items: z.array(z.string()).min(1),
    texts: z.record(z.string(), z.string()).exactOptional(),
    groups: z.array(z.string()).exactOptional(),
  }),
  z.strictObject({
    kind: z.literal("rejected"),
    row,
    user: z.string().exactOptional(),
    reason: z.enum(["malformed_row", "empty_history", "duplicate_user"]),
    detail: z.string(),
  }),
]);

/** A row as a line of JSON. The order of keys is fixed, so that equal rows give equal bytes. */
export function rowLine(given: HistoryRow): string {
  const { kind, row, user } = given;
  const value =
    kind === "history"
      ? { kind, row, user, items: given.items, texts: given.texts, groups: given.groups }
      : { kind, row, user, reason: given.reason, detail: given.detail };
  return `${JSON.stringify(value)}\n`;
}

/** Parses a line. @returns the row, or the problem with the line */
export function parseRowLine(
  line: string,
): { readonly row: HistoryRow } | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    return { problem: jsonProblem(error) };
  }
  const parsed = rowSchema.safeParse(value);
  if (parsed.success) return { row: parsed.data };
  return { problem: schemaProblem(parsed.error) };
}
