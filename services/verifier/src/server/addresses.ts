import { networkInterfaces } from "node:os";
import { formatHostPort, type HostPort } from "@nightbeam/service";

const EVERYWHERE = new Set(["0.0.0.0", "::"]);

/**
 * What others dial: what was said, or where the verifier listens; where it listens everywhere, this
 * machine's first address in a network.
 */
export function advertisedAddress(options: {
  readonly advertise?: HostPort | undefined;
  readonly listen: HostPort;
  /** The port that was bound, where `listen` left the choice. */
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
