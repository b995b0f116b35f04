import { setTimeout as sleep } from "node:timers/promises";
import { type Log, reasonOf } from "@nightbeam/service/log";
import type { Alarm } from "../api/answers.js";

export interface WebhookOptions {
  readonly url: string;
  readonly log: Log;
  /** Delays before the second and later attempts. */
  readonly retryMs?: readonly number[];
  readonly timeoutMs?: number;
}

export interface Webhook {
  send(alarm: Alarm): void;
  /** Cancels alarms that have not been sent. */
  close(): void;
}

/** POSTs alarms to a URL, as JSON, with a few retries. */
export function openWebhook(options: WebhookOptions): Webhook {
  const { url, log, retryMs = [1_000, 5_000, 30_000], timeoutMs = 5_000 } = options;
  const end = new AbortController();
  const post = async (alarm: Alarm) => {
    const signal = AbortSignal.any([end.signal, AbortSignal.timeout(timeoutMs)]);
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(alarm),
      signal,
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  };
  const send = async (alarm: Alarm) => {
    for (const waitMs of [...retryMs, undefined]) {
      try {
        return await post(alarm);
      } catch (error) {
        if (end.signal.aborted) return;
        if (waitMs === undefined) {
          log.warn({ reason: reasonOf(error) }, "could not send an alarm to the webhook");
          return;
        }
      }
      await sleep(waitMs, undefined, { signal: end.signal, ref: false }).catch(() => undefined);
    }
  };
  return { send: (alarm) => void send(alarm), close: () => end.abort() };
}
