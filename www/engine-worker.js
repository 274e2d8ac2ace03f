// The engine's worker. Its messages are those of `crates/wire/src/engine.rs`.

import { hasRelaxedSimd, loadProgram, startProgram } from "./module/program.js?v=__BUILD_ID__";

startProgram("engine", () => loadProgram(hasRelaxedSimd() ? "engine-relaxed" : "engine", import.meta.url));
