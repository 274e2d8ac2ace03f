// The reader's worker. Its program is imported at once, so that a bundler can put both into one file.

import start from "./reader.js";
import { startProgram } from "./module/program.js";

startProgram("reader", () => start());
