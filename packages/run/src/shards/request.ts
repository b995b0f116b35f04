import { type RunRequest, runRequestSchema } from "@nightbeam/settings";
import type { ShardStore } from "@nightbeam/store";
import { z } from "zod";
import { RunError } from "../errors.js";
import { MANIFEST_FILE, PLAN_FILE, REQUEST_FILE } from "../records/names.js";
import { readRecord, recordBytes } from "../records/record-file.js";

const requestFileSchema = z.strictObject({
  requestVersion: z.literal(1),
  /** ISO 8601, UTC. */
  submittedAt: z.iso.datetime(),
  request: runRequestSchema,
});

/** A request and the time of its submission: the content of request.json. */
export interface SubmittedRequest {
  readonly request: RunRequest;
  readonly submittedAt: Date;
}

/**
 * Refuses a store that holds a plan or a manifest but no request. A cluster writes the request first,
 * so these files belong to a run on one machine, whose lists would be mistaken for this run's.
 *
 * @throws RunError OUT_TAKEN, STORE_DAMAGED; StoreError STORE_FAILED
 */
export async function refuseForeignRun(store: ShardStore): Promise<void> {
  if ((await readRequest(store)) !== undefined) return;
  const found = await Promise.all([PLAN_FILE, MANIFEST_FILE].map((name) => store.read(name)));
  if (found.every((bytes) => bytes === undefined)) return;
  // Another caller may have written its request and plan in the meantime.
  if ((await readRequest(store)) !== undefined) return;
  throw new RunError(
    "OUT_TAKEN",
    `${store.location} holds a run that \`nightbeam recommend\` made. Name another --out.`,
  );
}

/**
 * Writes the request unless there is one: the first step of a run.
 *
 * @returns the request that counts, and whether this call wrote it
 * @throws RunError OUT_TAKEN, STORE_DAMAGED; StoreError STORE_FAILED
 */
export async function createRequest(
  store: ShardStore,
  submitted: SubmittedRequest,
): Promise<SubmittedRequest & { readonly created: boolean }> {
  await refuseForeignRun(store);
  if (await store.create(REQUEST_FILE, bytesOf(submitted))) return { ...submitted, created: true };
  const existing = await readRequest(store);
  return { ...(existing ?? submitted), created: false };
}

/**
 * Replaces the request. For a run that continues with other drafts or batch sizes, call it only after
 * `planRun` has accepted the new request, because drafters read the paths of their inputs from it.
 * Also for a run that could not be planned and is submitted again.
 *
 * @throws StoreError STORE_FAILED
 */
export async function replaceRequest(
  store: ShardStore,
  submitted: SubmittedRequest,
): Promise<void> {
  await store.replace(REQUEST_FILE, bytesOf(submitted));
}

/** The request, or undefined if there is none. @throws RunError STORE_DAMAGED; StoreError STORE_FAILED */
export async function readRequest(store: ShardStore): Promise<SubmittedRequest | undefined> {
  const file = await readRecord(store, {
    name: REQUEST_FILE,
    schema: requestFileSchema,
    damage: "STORE_DAMAGED",
  });
  if (file === undefined) return undefined;
  return { request: file.request, submittedAt: new Date(file.submittedAt) };
}

function bytesOf({ request, submittedAt }: SubmittedRequest): Uint8Array {
  return recordBytes({ requestVersion: 1, submittedAt: submittedAt.toISOString(), request });
}
