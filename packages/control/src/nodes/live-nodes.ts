import type { NatsConnection } from "nats";
import type { Clock } from "../clock.js";
import type { Link } from "../connection/link.js";
import type { ControlLog } from "../log.js";
import type { ControlTiming } from "../timing.js";
import { type Directory, endpointsOf, type NodeEndpoint } from "./endpoint.js";
import { Listeners } from "./listeners.js";
import { NodeTable } from "./node-table.js";
import { type NodeRole, type NodeStatus, readNodeMessage } from "./status.js";
import { nodeSubject } from "./subjects.js";

/** The nodes of one role, as their heartbeats tell; `endpoints` are those with an address. */
export interface LiveNodes extends Directory {
  /** Sorted by id; the same array until something changes. */
  readonly nodes: readonly NodeStatus[];
  close(): void;
}

export interface NodeWatchOptions {
  readonly link: Link;
  readonly role: NodeRole;
  readonly clock: Clock;
  readonly log: ControlLog;
  readonly timing: ControlTiming;
}

/** Listens to the heartbeats of a role; what they amount to is the table's business. */
export function watchNodes(options: NodeWatchOptions): LiveNodes {
  const { link, role, clock, log, timing } = options;
  const table = new NodeTable({ expiryMs: timing.expiryMs });
  const listeners = new Listeners();
  /** Senders of malformed heartbeats, until they send a good one. */
  const blamed = new Set<string>();
  let endpoints: readonly NodeEndpoint[] = [];
  let stopHearing = () => {};

  const settle = (changed: boolean) => {
    if (!changed) return;
    endpoints = endpointsOf(table.entries);
    listeners.tell();
  };
  const hear = (id: string, text: string) => {
    const read = readNodeMessage(text, { role, id });
    if ("problem" in read) {
      if (!blamed.has(id)) {
        log.warn({ role, id, problem: read.problem }, "a malformed heartbeat is ignored");
      }
      blamed.add(id);
      return;
    }
    blamed.delete(id);
    const { message } = read;
    settle("gone" in message ? table.gone(id) : table.heard(message, clock.now()));
  };
  const up = (connection: NatsConnection) => {
    const subscription = connection.subscribe(nodeSubject(role, "*"), {
      callback: (error, message) => {
        // The server's refusal is logged by the link.
        if (error === null) hear(message.subject.split(".").at(-1) ?? "", message.string());
      },
    });
    stopHearing = () => subscription.unsubscribe();
    table.connectionChanged(true, clock.now());
  };
  const down = () => {
    stopHearing = () => {};
    table.connectionChanged(false, clock.now());
  };

  const unfollow = link.follow({ up, down });
  const stopTicking = clock.repeat(timing.heartbeatMs / 2, () => settle(table.tick(clock.now())));
  return {
    get nodes() {
      return table.entries;
    },
    get endpoints() {
      return endpoints;
    },
    onChange: (listener) => listeners.add(listener),
    close: () => {
      unfollow();
      stopTicking();
      stopHearing();
      listeners.clear();
    },
  };
}
