import { setTimeout as sleep } from "node:timers/promises";
import { afterEach } from "vitest";
import type { Control, ControlOptions } from "../../src/control.js";
import { openControl } from "../../src/control.js";
import { ControlError } from "../../src/errors.js";
import type { NodeStatus } from "../../src/nodes/status.js";

export interface LogLine {
  readonly level: "debug" | "info" | "warn";
  readonly fields: object;
  readonly message: string;
}

export function listLog(lines: LogLine[] = []) {
  const at = (level: LogLine["level"]) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  return { lines, debug: at("debug"), info: at("info"), warn: at("warn") };
}

/** Opens controls that are closed after each test. */
export function useControls() {
  const opened: Control[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((control) => control.close()));
  });
  return async (servers: string, options: Partial<ControlOptions> = {}) => {
    const control = await openControl({
      servers,
      name: "test",
      log: listLog(),
      ...options,
      timing: { reconnectMs: 30, ...options.timing },
    });
    opened.push(control);
    return control;
  };
}

export function verifier(id: string, more: Partial<NodeStatus> = {}): NodeStatus {
  return {
    role: "verifier",
    id,
    address: `${id}:50051`,
    target: "t1",
    catalogue: "c1",
    scoring: "full",
    waitingTokens: 0,
    runningTokens: 0,
    draining: false,
    version: "0.1.0",
    ...more,
  };
}

/**
 * Waits until the server knows what a control has subscribed to: a question that it answers comes after
 * that. With a stopped clock, messages published before are lost and not repeated.
 */
export async function settled(control: Control): Promise<void> {
  await control.drain("nobody").then(
    () => {
      throw new Error('there is a node "nobody"');
    },
    (error: unknown) => {
      if (!(error instanceof ControlError && error.code === "NO_SUCH_NODE")) throw error;
    },
  );
}

/** Polls until something holds. */
export async function until(holds: () => unknown, limitMs = 5_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${holds}`);
    await sleep(5);
  }
}
