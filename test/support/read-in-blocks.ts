// Reads a matrix in blocks of 256 rows, prints by how many MiB resident memory grew at its peak: ... FILE NAME ROWS WIDTH
import { openGguf } from "../../src/weights/gguf";
import { openSafetensors } from "../../src/weights/safetensors";
import { residentMemory, resetPeak } from "../bench/memory";

const [path, name, rows, width] = process.argv.slice(2) as [string, string, string, string];
const weights = path.endsWith(".gguf") ? openGguf(path) : openSafetensors(path);
const matrix = weights.matrix(name, [Number(rows), Number(width)]);
resetPeak();
const before = residentMemory().now;
let read = 0;
for (let from = 0; from < Number(rows); from += 256)
  read += matrix.rows(Array.from({ length: 256 }, (_, i) => from + i)).length;
console.log(JSON.stringify({ grown: residentMemory().peak - before, read }));
