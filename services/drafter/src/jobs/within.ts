import type { Clock } from "@nightbeam/service";

/** Waits for work that does not fail, for so long. @returns whether it ended in time */
export async function within(
  work: Promise<unknown>,
  { ms, clock }: { readonly ms: number; readonly clock: Clock },
): Promise<boolean> {
  let takeBack = () => {};
  const late = new Promise<boolean>((resolve) => {
    takeBack = clock.after(ms, () => resolve(false));
  });
  const ended = await Promise.race([work.then(() => true), late]);
  takeBack();
  return ended;
}
