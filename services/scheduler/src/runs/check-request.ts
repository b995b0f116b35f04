import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { openCheckpoint } from "@nightbeam/model";
import { draftPolicy, TRANSITIONS } from "@nightbeam/recommend";
import { codeOf } from "@nightbeam/telemetry";
import type { Submission } from "../api/request.js";
import { SchedulerError } from "../errors.js";

/**
 * Checks what is cheap to check, so that a typing mistake is told at once: paths can be read,
 * checkpoints can be opened, widths fit. Planning finds the rest.
 *
 * @throws SchedulerError UNREADABLE_INPUT; ModelError, RecommendError
 */
export async function checkRequest(request: Submission): Promise<void> {
  const { target, draft, catalogue, histories, allow, block, out } = request;
  if (!out.includes("://")) assertAbsolute("out", out);
  for (const [name, path] of Object.entries({ histories, catalogue, allow, block })) {
    if (path !== undefined) await assertReadable(name, path);
  }
  await assertReadable("target", target);
  const { promptSpec } = await openCheckpoint(target);
  for (const one of draft) {
    if (one === TRANSITIONS) continue;
    await assertReadable("draft", one);
    await openCheckpoint(one);
  }
  if (draft.length > 0) draftPolicy(request.draftWidth, { ...request, levels: promptSpec.levels });
}

async function assertReadable(name: string, path: string): Promise<void> {
  assertAbsolute(name, path);
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    const problem = codeOf(error) === "ENOENT" ? "does not exist there" : "may not be read";
    throw new SchedulerError(
      "UNREADABLE_INPUT",
      `The scheduler cannot read ${name} ${path}: it ${problem}. Scheduler and drafters read paths ` +
        "on their own machines: put it where all of them find it under the same path.",
      { cause: error },
    );
  }
}

function assertAbsolute(name: string, path: string): void {
  if (isAbsolute(path)) return;
  throw new SchedulerError(
    "UNREADABLE_INPUT",
    `${name} ${path} is relative, and the scheduler has another working directory than you. ` +
      "Give the whole path.",
  );
}
