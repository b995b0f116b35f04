import { readRecord, recordBytes } from "@nightbeam/dataset";
import { z } from "zod";
import type { ShardStore } from "../store/shard-store.js";
import { asJobsError } from "./journal.js";
import { type RunRequest, runRequestSchema } from "./request-schema.js";
import { REQUEST_FILE } from "./run-names.js";

const requestFileSchema = z.strictObject({
  requestVersion: z.literal(1),
  /** ISO 8601, UTC. */
  submittedAt: z.iso.datetime(),
  request: runRequestSchema,
});

/** A request as it stands in the store. */
export interface SubmittedRequest {
  readonly request: RunRequest;
  readonly submittedAt: Date;
}

/**
 * Writes the request unless one is there: the first step of a run.
 *
 * @returns the one that counts, and whether it is this call's
 * @throws JobsError STORE_FAILED, STORE_DAMAGED
 */
export async function createRequest(
  store: ShardStore,
  submitted: SubmittedRequest,
): Promise<SubmittedRequest & { readonly created: boolean }> {
  if (await store.create(REQUEST_FILE, bytesOf(submitted))) return { ...submitted, created: true };
  const standing = await readRequest(store);
  return { ...(standing ?? submitted), created: false };
}

/**
 * Puts another request in place of the one that stands. For a run that goes on with other drafts or
 * batches: only after `planRun` has found that its plan is that of the run, because the request tells
 * drafters where things are.
 *
 * @throws JobsError STORE_FAILED
 */
export async function replaceRequest(
  store: ShardStore,
  submitted: SubmittedRequest,
): Promise<void> {
  await store.replace(REQUEST_FILE, bytesOf(submitted));
}

/** The request, or undefined where nothing was submitted. @throws JobsError STORE_FAILED, STORE_DAMAGED */
export async function readRequest(store: ShardStore): Promise<SubmittedRequest | undefined> {
  const file = await asJobsError(readRecord(store, REQUEST_FILE, requestFileSchema));
  if (file === undefined) return undefined;
  return { request: file.request, submittedAt: new Date(file.submittedAt) };
}

function bytesOf({ request, submittedAt }: SubmittedRequest): Uint8Array {
  return recordBytes({ requestVersion: 1, submittedAt: submittedAt.toISOString(), request });
}
