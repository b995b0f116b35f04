/** Does the work now and then `everyMs` after each end. `close` waits for the work in progress. */
export function repeatedly(everyMs: number, work: () => Promise<void>): { close(): Promise<void> } {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const round = () => {
    running = work().then(() => {
      if (!closed) timer = setTimeout(round, everyMs);
    });
  };
  round();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}
