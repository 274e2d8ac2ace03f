// The reader's worker. Its messages are those of `crates/wire/src/reader.rs`.

import { loadProgram, startProgram } from "./module/program.js?v=__BUILD_ID__";

startProgram("reader", () => loadProgram("reader", import.meta.url));
