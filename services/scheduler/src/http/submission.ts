import {
  type Submission,
  submitSchema,
  type Treatment,
  treatmentFields,
  treatmentSchema,
} from "@nightbeam/api";
import type { Context } from "hono";
import { z } from "zod";
import { checked, readBody } from "./body.js";

/**
 * Parses the body of a submission: the settings of the run, which decide what its lists are, and how it is treated.
 *
 * @throws SchedulerError BAD_REQUEST
 */
export async function readSubmission(
  context: Context,
): Promise<{ readonly submission: Submission; readonly treatment: Treatment }> {
  const body = await readBody(context, z.unknown());
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    return { submission: checked(submitSchema, body), treatment: {} };
  }
  const entries = Object.entries(body);
  const settings = Object.fromEntries(entries.filter(([key]) => !(key in treatmentFields)));
  const treatment = checked(treatmentSchema, Object.fromEntries(entries));
  return { submission: checked(submitSchema, settings), treatment };
}
