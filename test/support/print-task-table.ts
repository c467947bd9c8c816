// The table of tasks in src/README.md: node --import tsx test/support/print-task-table.ts
import { taskTable } from "./task-table";

console.log(taskTable());
