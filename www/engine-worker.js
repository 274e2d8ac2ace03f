// The engine's worker. Its messages are those of `crates/wire/src/engine.rs`.

import { loadProgram, startProgram } from "./module/program.js?v=__BUILD_ID__";

startProgram("engine", () => loadProgram("engine", import.meta.url));
