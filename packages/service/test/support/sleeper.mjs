// A service that does nothing, as a process of its own: what its flags say decides how it behaves.

import { LOG_FLAGS, serviceFields, wholeNumber } from "@nightbeam/service";
import { serviceCommand } from "@nightbeam/service/lifecycle";
import { z } from "zod";

const command = serviceCommand({
  name: "sleeper",
  description: "sleep until told to stop",
  flags: [
    ["--start-ms <ms>", "how long it takes to start"],
    ["--drain-ms <ms>", "how long it takes to stop"],
    ["--exit-code <n>", "what it exits with"],
    ["--stuck", "keep the process when all is closed"],
    ...LOG_FLAGS,
  ],
  schema: z.object({
    startMs: wholeNumber(0).default(0),
    drainMs: wholeNumber(0).default(0),
    exitCode: wholeNumber(0).default(0),
    stuck: z.boolean().default(false),
    ...serviceFields,
  }),
  start: async ({ startMs, drainMs, exitCode, stuck }, { log }) => {
    log.info({}, "starting");
    const thread = setInterval(() => {}, 1_000);
    await new Promise((resolve) => setTimeout(resolve, startMs));
    const { promise, resolve } = promiseOf();
    const sleeper = {
      isDraining: false,
      finished: promise,
      drain: (why) => {
        sleeper.isDraining = true;
        log.info({ why }, "draining");
        setTimeout(() => {
          if (!stuck) clearInterval(thread);
          resolve(exitCode);
        }, drainMs);
      },
    };
    return sleeper;
  },
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
