// The reader's worker. Its messages are those of `crates/wire/src/reader.rs`.

import { startProgram } from "./module/program.js?v=__BUILD_ID__";

startProgram("reader", import.meta.url);
