// A service that does nothing, as a process. Its flags decide how it behaves.

import { LOG_FLAGS, serviceFields, wholeNumber } from "@nightbeam/service";
import { serviceCommand } from "@nightbeam/service/lifecycle";
import { z } from "zod";

const command = serviceCommand({
  name: "sleeper",
  flags: [
    { flag: "--start-ms <ms>", meaning: "how long it takes to start" },
    { flag: "--drain-ms <ms>", meaning: "how long it takes to stop" },
    { flag: "--exit-code <n>", meaning: "its exit code", aliases: ["status"] },
    { flag: "--stuck", meaning: "keep the process alive after everything was closed" },
    { flag: "--broken", meaning: "fail to start, after something was opened" },
    ...LOG_FLAGS,
  ],
  schema: z.object({
    startMs: wholeNumber(0).default(0),
    drainMs: wholeNumber(0).default(0),
    exitCode: wholeNumber(0).default(0),
    stuck: z.boolean().default(false),
    broken: z.boolean().default(false),
    ...serviceFields,
  }),
  start: async ({ startMs, drainMs, exitCode, stuck, broken }, { log, closers }) => {
    log.info({}, "starting");
    const thread = setInterval(() => {}, 1_000);
    if (!stuck) closers.add("thread", () => clearInterval(thread));
    if (broken) throw Object.assign(new Error("it is broken"), { code: "BROKEN" });
    await new Promise((resolve) => setTimeout(resolve, startMs));
    const { promise, resolve } = promiseOf();
    const sleeper = {
      isDraining: false,
      finished: promise,
      drain: (why) => {
        sleeper.isDraining = true;
        log.info({ why }, "draining");
        setTimeout(() => {
          resolve(exitCode);
        }, drainMs);
      },
    };
    return sleeper;
  },
  // Only these tests make services that hang.
  startWithinMs: Number(process.env.START_WITHIN_MS ?? 60_000),
  stopWithinMs: () => Number(process.env.STOP_WITHIN_MS ?? 60_000),
  ready: (_, { exitCode }) => `sleeper ready, to exit with ${exitCode}`,
});

function promiseOf() {
  let resolve = () => {};
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

try {
  await command.parseAsync(process.argv.slice(2), { from: "user" });
} catch (error) {
  process.stderr.write(`${error.name} ${error.code}: ${error.message}\n`);
  process.exitCode = 1;
}
