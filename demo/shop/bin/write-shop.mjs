#!/usr/bin/env node
import { writeShopCommand } from "../dist/command/commands.js";
import { runCommand } from "../dist/command/run-command.js";

await runCommand(writeShopCommand);
