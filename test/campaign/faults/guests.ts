import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { silentServer } from "../../faults/support/faults.js";
import { LIES, startLiar } from "../support/liar.js";
import type { Place } from "../support/place.js";
import type { FaultKind, Mend } from "./kind.js";

let guests = 0;
const nameOf = (what: string) => `${what}-${guests++}`;

/** A catalogue in which two items have each other's codes. */
async function otherCatalogue({ directory, world }: Place): Promise<string> {
  const path = join(directory, "other-catalogue.json");
  const items: Record<string, string[]> = JSON.parse(await readFile(world.catalogue, "utf8"));
  const [first = "", second = ""] = Object.keys(items);
  await writeFile(
    path,
    JSON.stringify({ ...items, [first]: items[second], [second]: items[first] }),
  );
  return path;
}

async function drafterGuest(
  place: Place,
  options: Omit<Parameters<Place["makeDrafter"]>[0], "name">,
): Promise<Mend> {
  const drafter = place.makeDrafter({ name: nameOf("guest"), ...options });
  await place.addGuest(drafter);
  return () => place.removeGuest(drafter);
}

/** In a mount namespace of its own, in which `script` is run first. */
function inNamespace(script: string): string[] {
  return ["unshare", "-m", "sh", "-c", `${script} && exec "$@"`, "sh"];
}

const lying: readonly FaultKind[] = LIES.map((lie) => ({
  name: `a verifier that answers ${lie}`,
  touches: ["guest"],
  begin: async ({ nats }) => {
    const liar = await startLiar({ lie, natsUrl: nats.url, like: "verifier-1" });
    return () => liar.stop();
  },
}));

/** Faults of nodes that join a sound cluster. */
export const GUEST_FAULTS: readonly FaultKind[] = [
  ...lying,
  {
    name: "a drafter with another catalogue joins",
    touches: ["guest"],
    needs: ["mount"],
    begin: async (place) => {
      const other = await otherCatalogue(place);
      const mount = `mount --bind ${other} ${place.world.catalogue}`;
      return drafterGuest(place, { wrapper: inNamespace(mount) });
    },
  },
  {
    name: "a drafter without the models joins",
    touches: ["guest"],
    needs: ["mount"],
    begin: (place) => {
      const mount = `mount -t tmpfs none ${place.world.target}`;
      return drafterGuest(place, { wrapper: inNamespace(mount) });
    },
  },
  {
    name: "a drafter without the store joins",
    touches: ["guest"],
    needs: ["mount", "directory"],
    begin: (place) =>
      drafterGuest(place, { wrapper: inNamespace(`mount -t tmpfs none ${place.nights}`) }),
  },
  {
    name: "a drafter whose scratch space becomes full joins",
    touches: ["guest"],
    needs: ["mount", "s3"],
    begin: async (place) => {
      const scratch = join(place.directory, nameOf("scratch"));
      await mkdir(scratch);
      const drafter = place.makeDrafter({
        name: nameOf("guest"),
        flags: ["--scratch", scratch],
        wrapper: inNamespace(`mount -t tmpfs -o size=1m none ${scratch}`),
      });
      await place.addGuest(drafter);
      // Afterwards: a drafter that finds it full does not start.
      const fill = `head -c 2000000 /dev/zero > ${scratch}/filler || true`;
      execFileSync("nsenter", ["-t", `${drafter.pid}`, "-m", "sh", "-c", fill], {
        stdio: "ignore",
      });
      return () => place.removeGuest(drafter);
    },
  },
  {
    name: "a drafter that knows no verifier joins",
    touches: ["guest"],
    begin: (place) => drafterGuest(place, { nats: "nats://127.0.0.1:9" }),
  },
  {
    name: "a verifier with another model joins",
    touches: ["guest"],
    begin: async (place) => {
      const verifier = place.makeVerifier(nameOf("guest"), place.world.draft);
      await place.addGuest(verifier);
      return () => place.removeGuest(verifier);
    },
  },
  {
    name: "a drafter that also knows a silent verifier joins",
    touches: ["guest"],
    begin: async (place) => {
      const silent = await silentServer();
      const end = await drafterGuest(place, { flags: ["--verifiers", silent.address] });
      return async () => {
        await end();
        await silent.close();
      };
    },
  },
  {
    name: "a second scheduler joins",
    touches: ["guest", "scheduler"],
    begin: async (place) => {
      const scheduler = place.makeScheduler(nameOf("scheduler"));
      await place.addGuest(scheduler);
      return () => place.removeGuest(scheduler);
    },
  },
];
