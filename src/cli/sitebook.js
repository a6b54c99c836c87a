#!/usr/bin/env node
import "../new-enough.js";

await import("./main.ts");
