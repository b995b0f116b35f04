import type { Alarm, AlarmEvent, AlarmKind } from "@nightbeam/api";
import type { Log } from "@nightbeam/service/log";
import type { WallClock } from "../clock.js";
import type { StateFiles } from "../state/documents.js";

/** An alarm to raise. Kind, run, night and subject make it the same one; the message may change. */
export type NewAlarm = Omit<Alarm, "id" | "at" | "kind"> & { readonly kind: AlarmKind };

/** Which alarms: those with all of these. */
export interface AlarmMatch {
  readonly kind?: AlarmKind;
  readonly runId?: string;
  readonly night?: string;
  readonly subject?: string;
  /** But not those that this keeps. */
  readonly keep?: (alarm: Alarm) => boolean;
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
