import { type Log, reasonOf } from "@nightbeam/service/log";
import type { AlarmKind } from "../api/alarm-kinds.js";
import type { Alarm, AlarmEvent } from "../api/answers.js";
import type { WallClock } from "../clock.js";
import type { StateFiles } from "../state/documents.js";
import { AlarmDesk } from "./alarm-desk.js";

/** An alarm to raise. Kind, run, night and subject make it the same one; the message may change. */
export type NewAlarm = Omit<Alarm, "id" | "at" | "kind"> & { readonly kind: AlarmKind };

/** Which alarms: those with all of these. */
export interface AlarmMatch {
  readonly kind?: AlarmKind;
  readonly runId?: string;
  readonly night?: string;
  readonly subject?: string;
}

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

export interface AlarmOptions {
  readonly files: StateFiles;
  readonly log: Log;
  readonly clock: WallClock;
  /** Milliseconds since some moment, never going back. Default: the process's monotonic clock. */
  readonly elapsed?: () => number;
  readonly outbox?: AlarmOutbox | undefined;
}

/** Where alarms are sent. */
export interface AlarmOutbox {
  /** Sends an event. The events of an alarm arrive in order. */
  send(event: AlarmEvent, delivery: Delivery): void;
  /** Whether the event is being sent. */
  isSending(event: Pick<AlarmEvent, "id" | "event">): boolean;
}

export interface Delivery {
  /** Whether another scheduler has sent the event. */
  readonly isSent: () => Promise<boolean>;
  readonly onSent: () => void;
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
