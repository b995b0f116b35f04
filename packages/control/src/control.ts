import { NatsError } from "nats";
import { type Clock, systemClock } from "./clock.js";
import { Link } from "./connection/link.js";
import { parseServers } from "./connection/servers.js";
import { ControlError } from "./errors.js";
import type { ControlLog } from "./log.js";
import { NodeAnnouncement } from "./nodes/announcement.js";
import { type LiveNodes, watchNodes } from "./nodes/live-nodes.js";
import { type NodeRole, type NodeStatus, nodeIdSchema } from "./nodes/status.js";
import { drainSubject } from "./nodes/subjects.js";
import { notConnected } from "./rollouts/bucket.js";
import { type Rollouts, rolloutsOf } from "./rollouts/rollouts.js";
import { type ControlTiming, DEFAULT_TIMING } from "./timing.js";

export interface ControlOptions {
  /** `nats://host:4222`, with commas between the servers of a cluster: name them all. */
  readonly servers: string;
  /** The process's name, as NATS lists connections. */
  readonly name: string;
  readonly log: ControlLog;
  readonly clock?: Clock;
  readonly timing?: Partial<ControlTiming>;
}

/** A node's presence among the others. */
export interface Announcement {
  /** Sends a heartbeat at once, for changes that others should know now, such as `draining`. */
  update(): void;
  /** Says that this node is gone, so that nobody waits for its heartbeats, and stops them. */
  stop(): Promise<void>;
}

/** How the processes of a cluster find each other. Work that is under way never waits for it. */
export interface Control {
  readonly connected: boolean;
  /** Waits until NATS is there. @returns false where it is still away after `timeoutMs` */
  waitConnected(timeoutMs: number): Promise<boolean>;
  /**
   * Lists this process as a node, as long as NATS is there and it lives.
   * @throws ControlError BAD_NODE, CLOSED
   */
  announce(status: () => NodeStatus, handlers: { readonly onDrain: () => void }): Announcement;
  /** The nodes of a role. While NATS is away the last list stays. @throws ControlError CLOSED */
  watchNodes(role: NodeRole): LiveNodes;
  /**
   * Asks a node to take no more work; returns when it has heard.
   * @throws ControlError NO_SUCH_NODE, NOT_CONNECTED, CLOSED
   */
  drain(id: string): Promise<void>;
  readonly rollouts: Rollouts;
  /** Announced nodes say their last word; then everything ends, whether NATS is there or not. */
  close(): Promise<void>;
}

/**
 * Begins to connect to NATS and goes on for ever, in the background.
 *
 * @throws ControlError BAD_SERVERS; never because NATS is away
 */
export async function openControl(options: ControlOptions): Promise<Control> {
  const { name, log, clock = systemClock } = options;
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const link = new Link({ servers: parseServers(options.servers), name, log, timing });
  const shared = { link, clock, log, timing };
  const announcements = new Set<NodeAnnouncement>();
  const ends = new Set<() => void>();
  const assertOpen = () => {
    if (link.state === "closed") throw notConnected(link);
  };
  const rollouts = rolloutsOf(shared);

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
    drain: (id) => drain({ link, requestMs: timing.requestMs }, id),
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
    const giveUp = () => resolve(false);
    link.closing.addEventListener("abort", giveUp);
    if (link.closing.aborted) giveUp();
    waiting.signal.addEventListener("abort", () => {
      clearTimeout(timer);
      unfollow();
      link.closing.removeEventListener("abort", giveUp);
    });
  });
  return connected.finally(() => waiting.abort());
}

async function drain(
  { link, requestMs }: { readonly link: Link; readonly requestMs: number },
  id: string,
): Promise<void> {
  const noSuchNode = (cause?: unknown) =>
    new ControlError("NO_SUCH_NODE", `no node "${id}" listens. List the nodes to see their ids.`, {
      cause,
    });
  if (!nodeIdSchema.safeParse(id).success) throw noSuchNode();
  const connection = link.connection;
  if (connection === undefined) throw notConnected(link);
  try {
    await connection.request(drainSubject(id), "", { timeout: requestMs });
  } catch (error) {
    // 503: the server knows of no subscriber.
    if (error instanceof NatsError && error.code === "503") throw noSuchNode(error);
    throw notConnected(link, error);
  }
}
