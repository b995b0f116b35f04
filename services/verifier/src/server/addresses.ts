import { networkInterfaces } from "node:os";
import { formatHostPort, type HostPort } from "@nightbeam/service";

const EVERYWHERE = new Set(["0.0.0.0", "::"]);

/**
 * The address that drafters connect to: `advertise` if given, else the one of `listen`. If the verifier listens
 * on all interfaces, the first external address of this machine.
 */
export function advertisedAddress(options: {
  readonly advertise?: HostPort | undefined;
  readonly listen: HostPort;
  /** The port that was bound, which differs from that of `listen` if that is 0. */
  readonly port: number;
}): string {
  const { advertise, listen, port } = options;
  if (advertise !== undefined) return formatHostPort(advertise);
  const host = EVERYWHERE.has(listen.host) ? ownAddress() : listen.host;
  return formatHostPort({ host, port });
}

function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const outside = addresses.filter(({ internal }) => !internal);
  const best = outside.find(({ family }) => family === "IPv4") ?? outside[0];
  return best?.address ?? "127.0.0.1";
}
