import { type Clock, DEFAULT_NAMESPACE, systemClock, type TlsBytes } from "@nightbeam/service";
import { NatsError } from "nats";
import type { NatsCredentials } from "./connection/credentials.js";
import { type ControlLog, Link } from "./connection/link.js";
import { parseServers } from "./connection/servers.js";
import { ControlError } from "./errors.js";
import { NodeAnnouncement } from "./nodes/announcement.js";
import { type LiveNodes, watchNodes } from "./nodes/live-nodes.js";
import { Messages } from "./nodes/messages.js";
import { Signatures } from "./nodes/signatures.js";
import { type NodeRole, type NodeStatus, nodeIdSchema } from "./nodes/status.js";
import { type Subjects, subjectsOf } from "./nodes/subjects.js";
import { notConnected } from "./rollouts/bucket.js";
import { type Rollouts, rolloutsOf } from "./rollouts/rollouts.js";
import { type ControlTiming, DEFAULT_TIMING } from "./timing.js";

export interface ControlOptions {
  /** All servers of the NATS cluster: `nats://a:4222,nats://b:4222`. */
  readonly servers: string;
  /** The name of the process in NATS's list of connections. */
  readonly name: string;
  /** The cluster among those that share this NATS. Default: `nightbeam`. */
  readonly namespace?: string;
  readonly credentials?: NatsCredentials | undefined;
  readonly tls?: TlsBytes | undefined;
  readonly log: ControlLog;
  /** The key that the nodes of this cluster sign with. Without it, whoever may write to NATS is believed. */
  readonly clusterKey?: string | undefined;
  readonly clock?: Clock;
  /** The time of day in epoch milliseconds. */
  readonly wallNow?: () => number;
  readonly timing?: Partial<ControlTiming>;
}

/** A node that is announced to the others. */
export interface Announcement {
  /** Sends a heartbeat now, for changes that others should learn at once, such as `draining`. */
  update(): void;
  /** Announces that this node is gone, and stops its heartbeats. */
  stop(): Promise<void>;
}

/** How the processes of a cluster find each other. Work in progress never waits for it. */
export interface Control {
  readonly connected: boolean;
  /** Waits for a connection to NATS. @returns false if there is none after `timeoutMs` */
  waitConnected(timeoutMs: number): Promise<boolean>;
  /**
   * Announces this process as a node, with a heartbeat per second.
   * @throws ControlError BAD_NODE, CLOSED
   */
  announce(status: () => NodeStatus, handlers: { readonly onDrain: () => void }): Announcement;
  /** The nodes of a role. Without a connection to NATS the last list stays. @throws ControlError CLOSED */
  watchNodes(role: NodeRole): LiveNodes;
  /**
   * Asks a node to take no more work; returns after it has confirmed.
   * @throws ControlError NO_SUCH_NODE, DRAIN_REFUSED, NOT_CONNECTED, CLOSED
   */
  drain(id: string): Promise<void>;
  readonly rollouts: Rollouts;
  /** Announces that this process's nodes are gone, and closes everything, with or without NATS. */
  close(): Promise<void>;
}

/**
 * Connects to NATS in the background, and reconnects until it is closed.
 *
 * @throws ControlError BAD_SERVERS; never because NATS cannot be reached
 */
export async function openControl(options: ControlOptions): Promise<Control> {
  const { name, namespace = DEFAULT_NAMESPACE, log, clock = systemClock } = options;
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const { credentials, tls, clusterKey, wallNow = Date.now } = options;
  const link = new Link({
    servers: parseServers(options.servers),
    credentials,
    tls,
    name,
    log,
    timing,
  });
  const subjects = subjectsOf(namespace);
  const messages = new Messages(
    clusterKey === undefined ? undefined : new Signatures({ key: clusterKey, now: wallNow }),
  );
  const shared = { link, subjects, messages, wallNow, clock, log, timing };
  const announcements = new Set<NodeAnnouncement>();
  const ends = new Set<() => void>();
  const assertOpen = () => {
    if (link.state === "closed") throw notConnected(link);
  };
  const rollouts = rolloutsOf({ ...shared, bucket: subjects.rollouts });

  return {
    get connected() {
      return link.state === "connected";
    },
    waitConnected: (timeoutMs) => waitConnected(link, timeoutMs),
    announce: (status, { onDrain }) => {
      assertOpen();
      const announcement = new NodeAnnouncement({ ...shared, status, onDrain });
      announcements.add(announcement);
      return announcement;
    },
    watchNodes: (role) => {
      assertOpen();
      const nodes = watchNodes({ ...shared, role });
      ends.add(nodes.close);
      return nodes;
    },
    drain: (id) => drain({ link, subjects, messages, requestMs: timing.requestMs }, id),
    rollouts: {
      ...rollouts,
      watch: (listener) => {
        assertOpen();
        const end = rollouts.watch(listener);
        ends.add(end);
        return end;
      },
    },
    close: async () => {
      for (const end of ends) end();
      for (const announcement of announcements) announcement.leave();
      await link.close();
    },
  };
}

async function waitConnected(link: Link, timeoutMs: number): Promise<boolean> {
  const waiting = new AbortController();
  const connected = new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    const unfollow = link.follow({ up: () => resolve(true) });
    const cancel = () => resolve(false);
    link.closing.addEventListener("abort", cancel);
    if (link.closing.aborted) cancel();
    waiting.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      unfollow();
      link.closing.removeEventListener("abort", cancel);
    });
  });
  return connected.finally(() => waiting.abort());
}

async function drain(
  {
    link,
    subjects,
    messages,
    requestMs,
  }: {
    readonly link: Link;
    readonly subjects: Subjects;
    readonly messages: Messages;
    readonly requestMs: number;
  },
  id: string,
): Promise<void> {
  const noSuchNode = (cause?: unknown) =>
    new ControlError(
      "NO_SUCH_NODE",
      `there is no node "${id}". Run \`nightbeam nodes\` to list the nodes.`,
      {
        cause,
      },
    );
  if (!nodeIdSchema.safeParse(id).success) throw noSuchNode();
  const connection = link.connection;
  if (connection === undefined) throw notConnected(link);
  let refusal: string;
  try {
    const subject = subjects.drain(id);
    const headers = messages.headersOf(subject, "");
    refusal = (await connection.request(subject, "", { timeout: requestMs, headers })).string();
  } catch (error) {
    // 503: the subject has no subscriber.
    if (error instanceof NatsError && error.code === "503") throw noSuchNode(error);
    throw notConnected(link, error);
  }
  if (refusal === "") return;
  throw new ControlError(
    "DRAIN_REFUSED",
    `node "${id}" refuses to drain: ${refusal}. Give the key of the cluster with NIGHTBEAM_CLUSTER_KEY or --cluster-key-file.`,
  );
}
