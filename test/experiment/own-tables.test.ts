import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HELD_OUT } from "../../src/experiment/held-out-grid";
import { ownTables, plannedTask } from "../../src/experiment/own-tables";
import { loadTask } from "../../src/task/load-task";
import { taskNamed } from "../../src/task/tasks";

const test = suite("experiment/own-tables");

test("the project's own tables are read by name, all their classes with texts to train and to test on", async () => {
  for (const name of Object.keys(ownTables)) {
    const task = plannedTask(name);
    assert.not.type(task, "string");
    const { splits } = await loadTask(task as Exclude<typeof task, string>, { hub: "off" });
    for (const split of ["train", "test"] as const) assert.ok((splits[split]?.length ?? 0) > 20, `${name} ${split}`);
  }
});

test("every held-out task is a table of the project's own or a published one, under a name of its own", () => {
  for (const name of Object.values(HELD_OUT).flat()) {
    const task = plannedTask(name);
    assert.is(typeof task === "string" ? taskNamed(task).name : task.name, name);
  }
});

test.run();
