import { setTimeout as sleep } from "node:timers/promises";
import type { AlarmEvent } from "@nightbeam/api";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { WallClock } from "../clock.js";
import type { AlarmOutbox, Delivery } from "./alarm.js";
import { signedHeaders } from "./signature.js";

export interface WebhookOptions {
  readonly url: string;
  /** Signs what is sent. */
  readonly secret?: string | undefined;
  readonly clock: WallClock;
  readonly log: Log;
  /** Pause before the nth repetition, from 1. Undefined: give up. */
  readonly pauseMs?: (repetition: number) => number | undefined;
  readonly timeoutMs?: number;
}

export interface Webhook extends AlarmOutbox {
  /** Stops sending. Another scheduler, or this one after a restart, sends what is left. */
  close(): void;
}

const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 600_000;
/** About a day. */
const MAX_REPETITIONS = 150;

function growingPause(repetition: number): number | undefined {
  if (repetition > MAX_REPETITIONS) return undefined;
  return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 3 ** (repetition - 1));
}

/**
 * POSTs alarms to a URL, as JSON, in the order of what happens to each alarm, and tries again with growing pauses. A
 * receiver that answers too late may get a message twice, with the same `webhook-id`.
 */
export function openWebhook(options: WebhookOptions): Webhook {
  const { url, secret, clock, log, pauseMs = growingPause, timeoutMs = 5_000 } = options;
  const end = new AbortController();
  /** The last event of each alarm. */
  const tails = new Map<string, Promise<void>>();
  const sending = new Set<string>();
  const post = async (event: AlarmEvent) => {
    const body = JSON.stringify(event);
    const id = `${event.id}-${event.event}`;
    const answer = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...signedHeaders({ id, at: clock.now(), body, secret }),
      },
      body,
      signal: AbortSignal.any([end.signal, AbortSignal.timeout(timeoutMs)]),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  };
  const deliver = async (event: AlarmEvent, { isSent, onSent }: Delivery) => {
    for (let repetition = 1; !end.signal.aborted; repetition++) {
      try {
        await post(event);
        return onSent();
      } catch (error) {
        const waitMs = pauseMs(repetition);
        const { id, kind } = event;
        if (end.signal.aborted) return;
        const facts = { alarm: id, kind, reason: reasonOf(error) };
        if (waitMs === undefined) {
          log.warn(facts, "could not send an alarm to the webhook; giving up");
          return;
        }
        log.warn({ ...facts, waitMs }, "could not send an alarm to the webhook; retrying");
        await sleep(waitMs, undefined, { signal: end.signal, ref: false }).catch(() => undefined);
        // Another scheduler may have sent it in the meantime.
        if (await isSent()) return;
      }
    }
  };
  return {
    send: (event, delivery) => {
      const name = nameOf(event);
      sending.add(name);
      const before = tails.get(event.id) ?? Promise.resolve();
      const tail = before
        .then(() => deliver(event, delivery))
        .finally(() => {
          sending.delete(name);
          if (tails.get(event.id) === tail) tails.delete(event.id);
        });
      tails.set(event.id, tail);
    },
    isSending: (event) => sending.has(nameOf(event)),
    close: () => end.abort(),
  };
}

function nameOf({ id, event }: Pick<AlarmEvent, "id" | "event">): string {
  return `${id} ${event}`;
}
