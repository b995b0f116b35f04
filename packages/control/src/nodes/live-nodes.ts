import { type Clock, repeat } from "@nightbeam/service";
import type { NatsConnection } from "nats";
import type { ControlLog, Link } from "../connection/link.js";
import type { ControlTiming } from "../timing.js";
import { type Directory, endpointsOf, type NodeEndpoint } from "./endpoint.js";
import { Listeners } from "./listeners.js";
import { NodeTable } from "./node-table.js";
import { type NodeRole, type NodeStatus, readNodeMessage } from "./status.js";
import type { Subjects } from "./subjects.js";

/** The nodes of one role, from their heartbeats; `endpoints` are those with an address. */
export interface LiveNodes extends Directory {
  /** Sorted by id; the same array until something changes. */
  readonly nodes: readonly NodeStatus[];
  close(): void;
}

export interface NodeWatchOptions {
  readonly link: Link;
  readonly subjects: Subjects;
  readonly role: NodeRole;
  readonly clock: Clock;
  readonly log: ControlLog;
  readonly timing: ControlTiming;
}

/** Watches the heartbeats of a role. `NodeTable` decides which nodes are alive. */
export function watchNodes(options: NodeWatchOptions): LiveNodes {
  const { link, subjects, role, clock, log, timing } = options;
  const table = new NodeTable({ expiryMs: timing.expiryMs });
  const listeners = new Listeners();
  /** Senders whose last heartbeat was malformed, so that it is logged once. */
  const malformed = new Set<string>();
  let endpoints: readonly NodeEndpoint[] = [];
  let unsubscribe = () => {};

  const publish = (changed: boolean) => {
    if (!changed) return;
    endpoints = endpointsOf(table.entries);
    listeners.notify();
  };
  const receive = (id: string, text: string) => {
    const read = readNodeMessage(text, { role, id });
    if ("problem" in read) {
      if (!malformed.has(id)) {
        log.warn({ role, id, problem: read.problem }, "ignored a malformed heartbeat");
      }
      malformed.add(id);
      return;
    }
    malformed.delete(id);
    const { message } = read;
    publish("gone" in message ? table.gone(id) : table.heard(message, clock.now()));
  };
  const up = (connection: NatsConnection) => {
    const subscription = connection.subscribe(subjects.node(role, "*"), {
      callback: (error, message) => {
        // The link logs errors of the server.
        if (error === null) receive(message.subject.split(".").at(-1) ?? "", message.string());
      },
    });
    unsubscribe = () => subscription.unsubscribe();
    table.connectionChanged(true, clock.now());
  };
  const down = () => {
    unsubscribe = () => {};
    table.connectionChanged(false, clock.now());
  };

  const unfollow = link.follow({ up, down });
  const stopTicking = repeat(clock, timing.heartbeatMs / 2, () => publish(table.tick(clock.now())));
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
      unsubscribe();
      listeners.clear();
    },
  };
}
