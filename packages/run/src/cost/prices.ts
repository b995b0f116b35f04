import { z } from "zod";

const perHour = z.number().min(0).max(1e6);

/** What nodes cost, by the hour. */
export const pricesSchema = z.strictObject({
  /** Such as USD; it is printed after amounts. */
  currency: z.string().regex(/^[A-Za-z]{1,8}$/, "write a name of letters, as USD"),
  perHour: z.strictObject({ drafter: perHour, verifier: perHour }),
  /** Prices of verifiers with other names: `"gpu-*": 3.2`. The first pattern that fits counts. */
  verifiers: z
    .record(z.string().regex(/^[-\w.:*]+$/, "write a name; * is for any characters"), perHour)
    .exactOptional(),
});

export type Prices = Readonly<z.output<typeof pricesSchema>>;

/** The price of a verifier, by its name. */
export function verifierPrice({ perHour, verifiers = {} }: Prices, name: string): number {
  const fitting = Object.entries(verifiers).find(([pattern]) => fits(pattern, name));
  return fitting?.[1] ?? perHour.verifier;
}

function fits(pattern: string, name: string): boolean {
  const parts = pattern.split("*").map((part) => part.replace(/[.]/g, "\\."));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
}
