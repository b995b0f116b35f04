import { type Clock, repeat } from "@nightbeam/service";
import type { Msg, NatsConnection } from "nats";
import type { ControlLog, Link } from "../connection/link.js";
import type { ControlTiming } from "../timing.js";
import { type Directory, endpointsOf, type NodeEndpoint } from "./endpoint.js";
import { Listeners } from "./listeners.js";
import type { Messages } from "./messages.js";
import { NodeTable } from "./node-table.js";
import { type NodeRole, type NodeStatus, readNodeMessage } from "./status.js";
import type { Subjects } from "./subjects.js";

/** The nodes of one role, from their heartbeats; `endpoints` are those with an address. */
export interface LiveNodes extends Directory {
  /** Sorted by id; the same array until something changes. */
  readonly nodes: readonly NodeStatus[];
  /** Milliseconds since the last heartbeat of a node, which come once per second. */
  silence(id: string): number;
  close(): void;
}

export interface NodeWatchOptions {
  readonly link: Link;
  readonly subjects: Subjects;
  readonly messages: Messages;
  readonly role: NodeRole;
  readonly clock: Clock;
  readonly log: ControlLog;
  readonly timing: ControlTiming;
}

/** Watches the heartbeats of a role. `NodeTable` decides which nodes are alive. */
export function watchNodes(options: NodeWatchOptions): LiveNodes {
  const { link, subjects, messages, role, clock, log, timing } = options;
  const table = new NodeTable({ expiryMs: timing.expiryMs });
  const listeners = new Listeners();
  const ignored = new IgnoredSenders(role, log);
  let endpoints: readonly NodeEndpoint[] = [];
  let endpointsFrom = table.entries;
  let notifying = false;
  let unsubscribe = () => {};

  /** Once for all messages that arrived together. */
  const publish = (changed: boolean) => {
    if (!changed || notifying) return;
    notifying = true;
    queueMicrotask(() => {
      notifying = false;
      listeners.notify();
    });
  };
  const receive = (id: string, sent: Msg) => {
    const signed = messages.read(sent);
    const read = "problem" in signed ? signed : readNodeMessage(signed.text, { role, id });
    if ("problem" in read) {
      ignored.add(id, read.problem);
      return;
    }
    const { message } = read;
    if ("gone" in message) publish(table.gone(id));
    else if (table.hasRoomFor(id)) publish(table.heard(message, clock.now()));
    else ignored.add(id, "there are too many nodes");
  };
  const up = (connection: NatsConnection) => {
    const subscription = connection.subscribe(subjects.node(role, "*"), {
      callback: (error, message) => {
        // The link logs errors of the server.
        if (error === null) receive(message.subject.split(".").at(-1) ?? "", message);
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
      if (endpointsFrom !== table.entries) {
        endpointsFrom = table.entries;
        endpoints = endpointsOf(endpointsFrom);
      }
      return endpoints;
    },
    silence: (id) => table.silence(id, clock.now()),
    onChange: (listener) => listeners.add(listener),
    close: () => {
      unfollow();
      stopTicking();
      unsubscribe();
      listeners.clear();
    },
  };
}

/** Senders that are logged by name. */
const MAX_LOGGED = 100;

/** The senders of messages that were ignored, each of which is logged once. */
class IgnoredSenders {
  readonly #role: NodeRole;
  readonly #log: ControlLog;
  readonly #ids = new Set<string>();

  constructor(role: NodeRole, log: ControlLog) {
    this.#role = role;
    this.#log = log;
  }

  add(id: string, problem: string): void {
    if (this.#ids.has(id) || this.#ids.size > MAX_LOGGED) return;
    this.#ids.add(id);
    if (this.#ids.size > MAX_LOGGED) {
      this.#log.warn({ role: this.#role }, "more heartbeats are ignored, and not logged");
      return;
    }
    const fields = { role: this.#role, id: id.slice(0, 128), problem };
    this.#log.warn(fields, "ignored a heartbeat");
  }
}
