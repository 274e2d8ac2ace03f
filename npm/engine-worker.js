// The engine's worker. Its programs are imported at once, so that a bundler can put all into one file; the one that is started fetches
// its WebAssembly.

import start from "./engine.js";
import startRelaxed from "./engine-relaxed.js";
import { hasRelaxedSimd, startProgram } from "./module/program.js";

startProgram("engine", () => (hasRelaxedSimd() ? startRelaxed() : start()));
