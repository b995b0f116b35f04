import { type DeviceReport, listDevices } from "@nightbeam/model";
import { listing, print } from "@nightbeam/service/terminal";
import { Command } from "commander";

/** `nightbeam devices` */
export function devicesCommand(): Command {
  return new Command("devices")
    .option("--json", "print JSON")
    .action(async (flags: { json?: boolean }) => {
      const devices = await listDevices();
      const text = flags.json ? JSON.stringify(devices, null, 2) : describe(devices);
      print(`${text}\n`);
    });
}

function describe(devices: readonly DeviceReport[]): string {
  const rows = devices.map(({ device, works, facts }) => {
    return [device, works ? "works" : "does not work", facts.join(", ")];
  });
  return [listing([["device", "state", "what"], ...rows]), ...devices.flatMap(problemsOf)].join(
    "\n",
  );
}

function problemsOf({ device, problems }: DeviceReport): string[] {
  if (problems.length === 0) return [];
  const lines = problems.flatMap(({ what, remedy }) => [`  ${what}`, `    -> ${remedy}`]);
  return ["", `${device}:`, ...lines];
}
