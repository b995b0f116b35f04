import { type Clock, repeat, within } from "@nightbeam/service";
import { reasonOf } from "@nightbeam/service/log";
import type { Msg, NatsConnection, Service } from "nats";
import type { ControlLog, Link } from "../connection/link.js";
import { ControlError } from "../errors.js";
import type { ControlTiming } from "../timing.js";
import type { Messages } from "./messages.js";
import { type NodeStatus, problemOfStatus } from "./status.js";
import type { Subjects } from "./subjects.js";

export interface NodeAnnouncementOptions {
  readonly link: Link;
  readonly subjects: Subjects;
  readonly messages: Messages;
  /** The time of day in epoch milliseconds. */
  readonly wallNow: () => number;
  /** Called for every heartbeat; role and id must not change. */
  readonly status: () => NodeStatus;
  /** Called once, when the node is asked to take no more work. */
  readonly onDrain: () => void;
  readonly clock: Clock;
  readonly log: ControlLog;
  readonly timing: ControlTiming;
}

/** Announces a node: heartbeats for the other nodes, a NATS service for people and tools. */
export class NodeAnnouncement {
  readonly #options: NodeAnnouncementOptions;
  readonly #subject: string;
  readonly #drainSubject: string;
  readonly #startedAt: number;
  readonly #ends: readonly (() => void)[];
  #connection: NatsConnection | undefined;
  #service: Service | undefined;
  /** The metadata of the service. A NATS service cannot change it, so a change replaces the service. */
  #metadata = "";
  #drained = false;
  /** Whether a refused request to drain was logged. */
  #refused = false;
  #stopped = false;

  /** @throws ControlError BAD_NODE */
  constructor(options: NodeAnnouncementOptions) {
    const status = options.status();
    const problem = problemOfStatus(status);
    if (problem !== undefined) {
      throw new ControlError("BAD_NODE", `this node cannot be announced: ${problem}.`);
    }
    this.#options = options;
    this.#startedAt = options.wallNow();
    this.#subject = options.subjects.node(status.role, status.id);
    this.#drainSubject = options.subjects.drain(status.id);
    this.#ends = [
      options.link.follow({
        up: (connection) => this.#up(connection),
        down: () => {
          this.#connection = undefined;
          this.#service = undefined;
        },
      }),
      repeat(options.clock, options.timing.heartbeatMs, () => this.update()),
    ];
  }

  /** Sends a heartbeat now. */
  update(): void {
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed() || this.#stopped) return;
    const status = this.#options.status();
    this.#options.messages.publish(connection, this.#subject, JSON.stringify(status));
    this.#serve(connection, status);
  }

  /** Announces that this node is gone, and stops its heartbeats. */
  async stop(): Promise<void> {
    const connection = this.#connection;
    this.leave();
    if (connection === undefined) return;
    const sent = Promise.race([connection.flush(), connection.closed()]);
    await within(sent, { ms: this.#options.timing.closeMs });
  }

  /** Like `stop`, for a caller that flushes the connection itself. */
  leave(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const end of this.#ends) end();
    const connection = this.#connection;
    this.#connection = undefined;
    if (connection === undefined || connection.isClosed()) return;
    this.#options.messages.publish(connection, this.#subject, JSON.stringify({ gone: true }));
    void this.#service?.stop();
  }

  #up(connection: NatsConnection): void {
    this.#connection = connection;
    this.#metadata = "";
    connection.subscribe(this.#drainSubject, {
      callback: (error, message) => {
        if (error !== null || this.#stopped) return;
        // One from before the start was for an earlier node of this name.
        const read = this.#options.messages.read(message, this.#startedAt);
        if ("problem" in read) {
          this.#refuseDrain(message, read.problem);
          return;
        }
        message.respond();
        if (this.#drained) return;
        this.#drained = true;
        this.#options.log.info({}, "asked to drain");
        this.#options.onDrain();
      },
    });
    this.update();
  }

  #refuseDrain(message: Msg, problem: string): void {
    message.respond(problem);
    if (this.#refused) return;
    this.#refused = true;
    this.#options.log.warn({ problem }, "ignored a request to drain");
  }

  #serve(connection: NatsConnection, status: NodeStatus): void {
    const { id, address, target, catalogue, scoring, precision } = status;
    const known = Object.entries({ id, address, target, catalogue, scoring, precision });
    const metadata = Object.fromEntries(
      known.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
    );
    const text = JSON.stringify(metadata);
    if (text === this.#metadata) return;
    this.#metadata = text;
    void this.#service?.stop();
    this.#service = undefined;
    const name = this.#options.subjects.service(status.role);
    connection.services.add({ name, version: status.version, metadata }).then(
      (service) => {
        const isCurrent = this.#connection === connection && this.#metadata === text;
        if (isCurrent && !this.#stopped) this.#service = service;
        else void service.stop();
      },
      (error: unknown) => {
        this.#options.log.warn({ reason: reasonOf(error) }, "could not register the NATS service");
      },
    );
  }
}
