/** Lets a few tasks work at the same time; the others wait in the order in which they came. */
export interface Places {
  /** Waits for a place. @returns gives it back; calling that again does nothing */
  take(): Promise<() => void>;
}

export function places(count: number): Places {
  let free = count;
  const waiting: (() => void)[] = [];
  const giveBack = () => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return {
    take: async () => {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      let held = true;
      return () => {
        if (held) giveBack();
        held = false;
      };
    },
  };
}
