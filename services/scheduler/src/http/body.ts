import { reasonOf } from "@nightbeam/service/log";
import { flagOfPath } from "@nightbeam/settings";
import type { Context } from "hono";
import type { z } from "zod";
import { SchedulerError } from "../errors.js";

/** A request's body as a schema reads it. @throws SchedulerError BAD_REQUEST, naming the field */
export async function readBody<Schema extends z.ZodType>(
  context: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await context.req.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SchedulerError("BAD_REQUEST", `The body is no JSON: ${reasonOf(error)}.`);
  }
  return checked(schema, value);
}

/** A value from outside as a schema reads it. @throws SchedulerError BAD_REQUEST, naming the field */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  const message = issue?.message ?? "it is not what it must be";
  // Where several flags do not go together, the message names them.
  const isWhole = path.length === (path[0] === "request" ? 1 : 0);
  if (issue?.code === "custom" && isWhole) throw new SchedulerError("BAD_REQUEST", `${message}.`);
  // A night's request is typed by the same flags as a run's.
  const place = path[0] === "request" && path.length > 1 ? path.slice(1) : path;
  const field = place.length === 0 ? "The body" : flagOfPath(place);
  throw new SchedulerError("BAD_REQUEST", `${field}: ${message}.`);
}
