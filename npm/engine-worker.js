// The engine's worker. Its program is imported at once, so that a bundler can put both into one file.

import start from "./engine.js";
import { startProgram } from "./module/program.js";

startProgram("engine", () => start());
