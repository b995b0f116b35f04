import type { Alarm } from "@nightbeam/api";
import { reasonOf } from "@nightbeam/service/log";
import type { AlarmMatch, AlarmOptions, NewAlarm } from "./alarm.js";
import { AlarmDesk } from "./alarm-desk.js";

/**
 * Problems that people should know about soon. An alarm stands from the first `raise` until `mend`. Raising it again
 * meanwhile changes its message at most, so what watches a problem may raise it in every pass. Of several schedulers
 * with the same state, one logs and sends each alarm.
 */
export interface Alarms {
  /** Logs an alarm, stores it and sends it, unless it stands. Sent even if it cannot be stored. */
  raise(alarm: NewAlarm): void;
  /** Ends the alarms that match, because their problem has ended. */
  mend(match: AlarmMatch): void;
  /** Ends the alarms of a run, which was resumed, is complete or was removed. */
  drop(runId: string): void;
  /** The alarms that stand, of all schedulers with this state, newest first. */
  list(): Promise<readonly Alarm[]>;
  /** Removes all alarms from the list. One whose problem lasts is not raised again before that has ended. */
  clear(): Promise<void>;
  /** Waits until everything above is stored. */
  settled(): Promise<void>;
}

export function openAlarms(options: AlarmOptions): Alarms {
  const desk = new AlarmDesk(options);
  let tail: Promise<unknown> = Promise.resolve();
  /** Runs one operation after the other. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = tail.then(work, work);
    tail = result.catch(() => undefined);
    return result;
  };
  const later = (work: () => Promise<void>) => {
    inTurn(work).catch((error: unknown) => {
      options.log.warn({ reason: reasonOf(error) }, "could not store the alarms");
    });
  };
  return {
    raise: (alarm) => later(() => desk.raise(alarm)),
    mend: (match) => later(() => desk.mend(match)),
    drop: (runId) => later(() => desk.mend({ runId }, { now: true })),
    list: () => inTurn(() => desk.list()),
    clear: () => inTurn(() => desk.dismissAll()),
    settled: () => inTurn(async () => undefined),
  };
}
