import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

/**
 * Runs `work` as if its process died at the given file-system step, counted from 0: a write is half
 * done, any other step not at all, and no later step succeeds.
 *
 * @returns whether there was such a step
 */
export async function dyingAt(step: number, work: () => Promise<unknown>): Promise<boolean> {
  let steps = 0;
  const dead = () => new Error("the process is dead");
  const isLast = () => {
    steps++;
    if (steps > step + 1) throw dead();
    return steps === step + 1;
  };
  const real = { ...fs };
  const guarded =
    <Given extends unknown[], Result>(call: (...given: Given) => Promise<Result>) =>
    async (...given: Given): Promise<Result> => {
      if (isLast()) throw dead();
      return call(...given);
    };
  const patches = {
    open: guarded(real.open),
    link: guarded(real.link),
    rename: guarded(real.rename),
    rm: guarded(real.rm),
    mkdir: guarded(real.mkdir),
    copyFile: guarded(real.copyFile),
    writeFile: async (...given: Parameters<typeof fs.writeFile>) => {
      if (!isLast()) return real.writeFile(...given);
      const [file, content] = given;
      await real.writeFile(file, halfOf(content));
      throw dead();
    },
  };
  Object.assign(fs, patches);
  syncBuiltinESMExports();
  try {
    await work();
  } catch (error) {
    if (steps <= step) throw error;
  } finally {
    Object.assign(fs, real);
    syncBuiltinESMExports();
  }
  return steps > step;
}

function halfOf(content: unknown): Uint8Array {
  if (typeof content !== "string" && !(content instanceof Uint8Array)) return new Uint8Array();
  const bytes = Buffer.from(content);
  return bytes.subarray(0, bytes.length / 2);
}
