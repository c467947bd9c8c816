import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";

/** A table of results: what a benchmark leaves behind. */
export interface Table {
  readonly caption: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Report {
  readonly title: string;
  readonly tables: readonly Table[];
  readonly notes: readonly string[];
}

/** The load that a benchmark met: taken before it starts and written beside its figures. */
export const loadNow = (): string =>
  os
    .loadavg()
    .map((value) => value.toFixed(2))
    .join(", ");

const extensions = ["avx2", "avx512f", "avx512_vnni", "avx512_bf16"];

/** The machine's instruction set extensions that decide the speed of matrix products; null where /proc/cpuinfo does not say. */
export function instructionSet(): readonly string[] | null {
  if (!existsSync("/proc/cpuinfo")) return null;
  const flags = new Set(/^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1].split(" "));
  return extensions.filter((name) => flags.has(name));
}

/** A report as Markdown, headed by when and where it was measured. */
export function markdown(report: Report, load: string, remark: string | undefined): string {
  const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
  const changed =
    git("status", "--porcelain", "--untracked-files=no", "--", "src") === "" ? "" : " with changes in src";
  const version = (name: string): string =>
    (JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")) as { version: string }).version;
  const cpu = `${os.cpus()[0]?.model.trim() ?? "unknown"}, ${os.cpus().length} cores`;
  const where = [
    ["measured", new Date().toISOString().slice(0, 10)],
    ["machine", `${cpu}; ${instructionSet()?.join(", ") ?? "instruction set unknown"}`],
    ["memory", `${Math.round(os.totalmem() / 2 ** 30)} GiB`],
    ["versions", `Node ${process.versions.node}, ONNX Runtime ${version("onnxruntime-node")}`],
    ["commit", git("rev-parse", "--short", "HEAD") + changed],
    ["load before", `${load} (1, 5, 15 minutes)${remark === undefined ? "" : `; ${remark}`}`],
  ];
  const lines = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
    [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
  return [
    `# ${report.title}`,
    lines(["", ""], where),
    ...report.tables.map(({ caption, head, rows }) => `${caption}\n\n${lines(head, rows)}`),
    ...(report.notes.length === 0 ? [] : [report.notes.map((note) => `- ${note}`).join("\n")]),
    "",
  ]
    .join("\n\n")
    .replace(/\n+$/, "\n");
}
