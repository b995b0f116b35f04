#!/usr/bin/env node
import { measureShopCommand } from "../dist/command/commands.js";
import { runCommand } from "../dist/command/run-command.js";

await runCommand(measureShopCommand);
