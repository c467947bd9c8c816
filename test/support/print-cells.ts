// The runs that experiments plan, after a grid was changed on purpose: node --import tsx test/support/print-cells.ts > test/fixtures/experiment/cells.txt
import { cellList } from "./cell-list";

console.log(cellList().join("\n"));
