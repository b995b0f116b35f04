import { z } from "zod";
import { QueueError } from "../errors.js";
import { JOBS, type JobData, type JobName, type JobResult } from "./job-kinds.js";

/** The schemas by name, typed so that the compiler can infer a job's data from its name. */
const DATA: { readonly [Name in JobName]: z.ZodType<JobData<Name>> } = {
  shard: JOBS.shard.data,
  finish: JOBS.finish.data,
  night: JOBS.night.data,
};
const RESULT: { readonly [Name in JobName]: z.ZodType<JobResult<Name>> } = {
  shard: JOBS.shard.result,
  finish: JOBS.finish.result,
  night: JOBS.night.result,
};

/** Parses the data of a job. @throws QueueError BAD_JOB, NEWER_JOB */
export function parseJob<Name extends JobName>(name: Name, data: unknown): JobData<Name> {
  return parse(DATA[name], data, `The data of a ${name} job`);
}

/** Parses the result of a job. @throws QueueError BAD_JOB */
export function parseResult<Name extends JobName>(name: Name, result: unknown): JobResult<Name> {
  return parse(RESULT[name], result, `The result of a ${name} job`);
}

/** Whether a name is that of a kind of job. */
export function isJobName(name: string): name is JobName {
  return Object.hasOwn(JOBS, name);
}

function parse<Value>(schema: z.ZodType<Value>, value: unknown, what: string): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { error: cause } = parsed;
  const unknown = unknownFields(cause);
  if (unknown !== undefined) {
    throw new QueueError(
      "NEWER_JOB",
      `${what} has fields that this version does not know: ${unknown.join(", ")}. ` +
        "A newer version of Nightbeam wrote it: upgrade this node.",
      { cause },
    );
  }
  throw new QueueError(
    "BAD_JOB",
    `${what} is not valid: ${z.prettifyError(cause).replaceAll("\n", " ")}. ` +
      "Run the same version of Nightbeam on all nodes.",
    { cause },
  );
}

/** The fields that are too many, if nothing else is wrong. */
function unknownFields({ issues }: z.ZodError): readonly string[] | undefined {
  const names = issues.map((issue) =>
    issue.code === "unrecognized_keys" ? issue.keys : undefined,
  );
  const known = names.filter((keys) => keys !== undefined);
  return known.length === names.length ? known.flat().map((key) => key.slice(0, 40)) : undefined;
}
