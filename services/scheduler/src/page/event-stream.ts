import type { RunStatus } from "@nightbeam/api";
import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import type { FeedEvent, LiveFeed } from "./live-feed.js";

/** A browser that takes no more than this is disconnected, and begins again. */
const MAX_WAITING = 1_000;
/** A message now and then shows that the connection is alive, and the role is checked again. */
const PING_MS = 3_000;

export interface EventStreamOptions {
  readonly feed: LiveFeed;
  /** The run of which the shards are sent too. */
  readonly runId: string | undefined;
  /** Identifies the page, which reloads itself when that has changed. */
  readonly page: string;
  /** Whether the request may still read. */
  readonly mayRead: () => Promise<boolean>;
}

/**
 * Answers with server-sent events: `hello`, then `runs` with the runs that have changed and the ids of those that are gone,
 * `nodes`, `alarms`, `nights` and `shards` whenever they have changed, and `ping`.
 */
export function eventStream(context: Context, options: EventStreamOptions): Response {
  // nginx would keep the events until there are many.
  context.header("X-Accel-Buffering", "no");
  return streamSSE(
    context,
    (stream) => send(stream, options),
    async () => undefined,
  );
}

async function send(stream: SSEStreamingApi, options: EventStreamOptions): Promise<void> {
  const { feed, runId, page, mayRead } = options;
  const changes = changedEvents();
  let queue: { readonly event: string; readonly data: string }[] = [
    { event: "hello", data: JSON.stringify({ page, now: Date.now() }) },
  ];
  let wake = () => {};
  const end = feed.follow(runId, (event) => {
    const data = changes(event);
    if (data === undefined) return;
    queue.push({ event: event.topic, data });
    if (queue.length > MAX_WAITING) stream.abort();
    wake();
  });
  const isOver = () => stream.aborted || stream.closed || feed.closing.aborted;
  stream.onAbort(() => wake());
  const onClose = () => wake();
  feed.closing.addEventListener("abort", onClose);
  try {
    while (!isOver()) {
      const [messages] = [queue];
      queue = [];
      for (const message of messages) await stream.writeSSE(message);
      if (queue.length > 0) continue;
      const isWoken = await woken((resolve) => {
        wake = resolve;
      });
      if (isWoken || isOver()) continue;
      if (!(await mayRead())) return;
      await stream.writeSSE({ event: "ping", data: JSON.stringify({ now: Date.now() }) });
    }
  } finally {
    feed.closing.removeEventListener("abort", onClose);
    end();
  }
}

/** Waits until it is woken, or it is time for a ping. */
function woken(set: (wake: () => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), PING_MS);
    set(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

/** The data of an event: what has changed since the last one of its topic. Undefined if nothing has. */
function changedEvents(): (event: FeedEvent) => string | undefined {
  const sent = new Map<string, string>();
  const runs = new Map<string, string>();
  return (event) => {
    if (event.topic === "runs") {
      const isFirst = !sent.has("runs");
      sent.set("runs", "");
      return changedRuns(runs, { value: event.value, isFirst });
    }
    const data = JSON.stringify(event.value);
    if (sent.get(event.topic) === data) return undefined;
    sent.set(event.topic, data);
    return data;
  };
}

function changedRuns(
  sent: Map<string, string>,
  { value, isFirst }: { readonly value: readonly RunStatus[]; readonly isFirst: boolean },
): string | undefined {
  const present = new Set(value.map(({ id }) => id));
  const gone = [...sent.keys()].filter((id) => !present.has(id));
  for (const id of gone) sent.delete(id);
  const changed: string[] = [];
  for (const run of value) {
    const text = JSON.stringify(run);
    if (sent.get(run.id) === text) continue;
    sent.set(run.id, text);
    changed.push(text);
  }
  if (!isFirst && changed.length + gone.length === 0) return undefined;
  return `{"changed":[${changed.join(",")}],"gone":${JSON.stringify(gone)}}`;
}
