/** Does the work at once and then again and again, never twice at a time. */
export function repeatedly(everyMs: number, work: () => Promise<void>): { close(): Promise<void> } {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let under: Promise<void> = Promise.resolve();
  const round = () => {
    under = work().then(() => {
      if (!closed) timer = setTimeout(round, everyMs);
    });
  };
  round();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await under;
    },
  };
}
