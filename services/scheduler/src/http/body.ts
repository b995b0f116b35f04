import { nameSchema } from "@nightbeam/api";
import { excerpts, jsonProblem } from "@nightbeam/catalogue";
import { issueText } from "@nightbeam/settings";
import type { Context } from "hono";
import type { z } from "zod";
import { SchedulerError } from "../errors.js";

/** Parses the body of a request. @throws SchedulerError BAD_REQUEST, which names the field */
export async function readBody<Schema extends z.ZodType>(
  context: Context,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await context.req.text();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SchedulerError("BAD_REQUEST", `The body is not JSON: ${jsonProblem(error)}.`);
  }
  return checked(schema, value);
}

/**
 * A name in the path of a request.
 *
 * @throws SchedulerError BAD_REQUEST if nothing can have it
 */
export function nameIn(context: Context, key: "id" | "name"): string {
  const parsed = nameSchema.safeParse(context.req.param(key));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new SchedulerError("BAD_REQUEST", `The ${key} in the path: ${issue?.message}.`);
}

/** Parses a value from a client. @throws SchedulerError BAD_REQUEST, which names the field */
export function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path ?? [];
  // Names of keys come from the client too, and may be of any length.
  const message =
    issue?.code === "unrecognized_keys"
      ? `Unrecognized ${issue.keys.length === 1 ? "key" : "keys"}: ${excerpts(issue.keys)}`
      : (issue?.message ?? "it is invalid");
  // The settings of a night's runs are in `request`.
  const isInRequest = path[0] === "request" && (path.length > 1 || issue?.code === "custom");
  const place = isInRequest ? path.slice(1) : path;
  if (place.length === 0 && issue?.code !== "custom") {
    throw new SchedulerError("BAD_REQUEST", `The body: ${message}.`);
  }
  throw new SchedulerError("BAD_REQUEST", `${issueText({ path: place, message })}.`);
}
