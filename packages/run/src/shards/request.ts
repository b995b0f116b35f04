import { type RunRequest, runRequestSchema } from "@nightbeam/settings";
import type { ShardStore } from "@nightbeam/store";
import { z } from "zod";
import { RunError } from "../errors.js";
import { readRecord, recordBytes } from "../records/record-text.js";
import { MANIFEST_FILE, PLAN_FILE } from "../records/run-files.js";
import { REQUEST_FILE } from "../records/run-names.js";
import { asJobsError } from "./journal.js";

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
 * Refuses a place that holds a plan or a manifest and no request. A cluster's run begins with its
 * request, so these are of a run on one machine, and its lists would be taken for this one's.
 *
 * @throws RunError OUT_TAKEN, STORE_FAILED, STORE_DAMAGED
 */
export async function refuseForeignRun(store: ShardStore): Promise<void> {
  if ((await readRequest(store)) !== undefined) return;
  const found = await Promise.all([PLAN_FILE, MANIFEST_FILE].map((name) => store.read(name)));
  if (found.every((bytes) => bytes === undefined)) return;
  // Another caller may have written its request and its plan since we looked.
  if ((await readRequest(store)) !== undefined) return;
  throw new RunError(
    "OUT_TAKEN",
    `${store.location} holds a run that \`nightbeam recommend\` made. Name another --out.`,
  );
}

/**
 * Writes the request unless one is there: the first step of a run.
 *
 * @returns the one that counts, and whether it is this call's
 * @throws RunError OUT_TAKEN, STORE_FAILED, STORE_DAMAGED
 */
export async function createRequest(
  store: ShardStore,
  submitted: SubmittedRequest,
): Promise<SubmittedRequest & { readonly created: boolean }> {
  await refuseForeignRun(store);
  if (await store.create(REQUEST_FILE, bytesOf(submitted))) return { ...submitted, created: true };
  const standing = await readRequest(store);
  return { ...(standing ?? submitted), created: false };
}

/**
 * Puts another request in place of the one that stands. For a run that goes on with other drafts or
 * batches: only after `planRun` has found that its plan is that of the run, because the request tells
 * drafters where things are. Also for a run that could not be planned, and is asked for anew.
 *
 * @throws RunError STORE_FAILED
 */
export async function replaceRequest(
  store: ShardStore,
  submitted: SubmittedRequest,
): Promise<void> {
  await store.replace(REQUEST_FILE, bytesOf(submitted));
}

/** The request, or undefined where nothing was submitted. @throws RunError STORE_FAILED, STORE_DAMAGED */
export async function readRequest(store: ShardStore): Promise<SubmittedRequest | undefined> {
  const file = await asJobsError(readRecord(store, REQUEST_FILE, requestFileSchema));
  if (file === undefined) return undefined;
  return { request: file.request, submittedAt: new Date(file.submittedAt) };
}

function bytesOf({ request, submittedAt }: SubmittedRequest): Uint8Array {
  return recordBytes({ requestVersion: 1, submittedAt: submittedAt.toISOString(), request });
}
