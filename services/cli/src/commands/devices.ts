import { type DeviceReport, listDevices } from "@nightbeam/model";
import { listing } from "@nightbeam/service/terminal";
import { Command } from "commander";
import { printResult, withJson } from "../output.js";

/** `nightbeam devices` */
export function devicesCommand(): Command {
  return withJson(new Command("devices")).action(async (flags: Record<string, unknown>) => {
    const devices = await listDevices();
    printResult(flags, { value: devices, text: describe(devices) });
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
