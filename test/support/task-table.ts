import { readingsOf } from "../../src/task/reading";
import type { Task } from "../../src/task/task";
import { tasks } from "../../src/task/tasks";

const code = (text: string) => `\`${text}\``;

function files({ directories }: Task): string {
  return directories
    .map(({ folder, files: { train, validation, test } }) => {
      const names = [train, validation, test].filter((name): name is string => name !== undefined);
      return `${code(folder)}: ${names.map(code).join(", ")}`;
    })
    .join("; ");
}

/** The tasks as a Markdown table: how each is read, its files in the data directory by distribution, its dataset on the hub. */
export function taskTable(): string {
  const rows = tasks.map((task) => {
    const { name, title, metric, further, hub } = task;
    const kind = task.kind === "classification" ? readingsOf(task).join(", ") : task.kind;
    const where = hub === null ? "-" : code(`${hub.repository}, ${hub.configuration}`);
    return [code(name), title, kind, [metric, ...further].join(", "), files(task), where];
  });
  const lines = [
    ["task", "", "read as", "metrics", "files, by distribution", "hub"],
    ["---", "---", "---", "---", "---", "---"],
    ...rows,
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
