import type { AlarmFiles } from "./alarm-files.js";

/** An operation on a store that hangs must not hold up an alarm about it. */
const LIMIT_MS = 10_000;
/** After an operation that hung, others fail at once for this long. */
const REST_MS = 10_000;

/** Alarm files whose operations fail instead of hanging. */
export function timeLimited(files: AlarmFiles, now = () => performance.now()): AlarmFiles {
  let restUntil = Number.NEGATIVE_INFINITY;
  const limited = async <T>(work: () => Promise<T>): Promise<T> => {
    if (now() < restUntil) throw new Error("the state store does not answer");
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        restUntil = now() + REST_MS;
        reject(new Error(`the state store did not answer within ${LIMIT_MS / 1_000} s`));
      }, LIMIT_MS);
    });
    try {
      return await Promise.race([work(), late]);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    places: () => limited(() => files.places()),
    read: (id) => limited(() => files.read(id)),
    create: (alarm) => limited(() => files.create(alarm)),
    replace: (alarm) => limited(() => files.replace(alarm)),
    mark: (id, mark, at) => limited(() => files.mark(id, mark, at)),
    has: (id, mark) => limited(() => files.has(id, mark)),
    removeOld: (before) => limited(() => files.removeOld(before)),
  };
}
