#!/usr/bin/env node
// Stands before the build, so that npm can link the command at install time.
import "../dist/main.js";
