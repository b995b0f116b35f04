import { nightBodySchema, type Submission } from "@nightbeam/api";
import { z } from "zod";
import { SchedulerError } from "../errors.js";
import { documents, type StateFiles } from "../state/documents.js";

export const nightRecordSchema = z.object({ ...nightBodySchema.shape, putAt: z.iso.datetime() });

export type NightRecord = Readonly<z.output<typeof nightRecordSchema>>;

/** The result of one date of a night. */
const nightDateSchema = z.object({
  /** Undefined if the night was skipped. */
  runId: z.string().exactOptional(),
  at: z.iso.datetime(),
});

/** What is known of the dates of a night. */
export function nightDates(files: StateFiles, name: string) {
  return documents({ files, folder: `dates/${name}`, schema: nightDateSchema });
}

/** The placeholder for the date in a path. */
export const DATE = "{date}";

/** The request of a night for one date: `{date}` in paths becomes 2026-11-21. */
export function requestOfDate(request: Submission, date: string): Submission {
  const dated = (text: string) => text.replaceAll(DATE, date);
  const { histories, allow, block, allowLists, userGroups, itemOrder, reuse } = request;
  const { candidates, trainedOn } = request;
  return {
    ...request,
    target: dated(request.target),
    draft: request.draft.map(dated),
    catalogue: dated(request.catalogue),
    histories: typeof histories === "string" ? dated(histories) : histories.map(dated),
    out: dated(request.out),
    ...(allow === undefined ? {} : { allow: dated(allow) }),
    ...(block === undefined ? {} : { block: dated(block) }),
    ...(allowLists === undefined ? {} : { allowLists: dated(allowLists) }),
    ...(userGroups === undefined ? {} : { userGroups: dated(userGroups) }),
    ...(reuse === undefined ? {} : { reuse: dated(reuse) }),
    ...(candidates === undefined ? {} : { candidates: dated(candidates) }),
    ...(trainedOn === undefined ? {} : { trainedOn: dated(trainedOn) }),
    // `histories`, which is no path, has no date in it.
    ...(itemOrder === undefined ? {} : { itemOrder: dated(itemOrder) }),
  };
}

/** @throws SchedulerError BAD_REQUEST if all dates would write to the same location */
export function assertDated({ out }: Submission): void {
  if (out.includes(DATE)) return;
  throw new SchedulerError(
    "BAD_REQUEST",
    `--out: ${out} is the same for all dates, so the second night would find the lists of the first. ` +
      `Add {date} to it, as in ${out.replace(/\/+$/, "")}/{date}.`,
  );
}
