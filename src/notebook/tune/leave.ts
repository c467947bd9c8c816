import { existsSync } from "node:fs";
import { resolve, sep } from "node:path";
import type { AdapterSpec } from "../../adapter/adapter";
import { fail, unreachable } from "../../check/check";
import { isProblem } from "../../experiment/problem";
import type { Trainable } from "../../experiment/problem";
import { LINEAR_KINDS } from "../../weights/as-lora";
import { FOLDER_TYPES } from "../../export/merged-folder";
import type { MergedFolderType } from "../../export/merged-folder";
import { GGUF_FILE_TYPES, isGgufName } from "../../export/merged-gguf";
import type { MergedGgufType } from "../../export/merged-gguf";
import { GGUF_LORA_TYPES } from "../../weights/gguf-lora";
import type { GgufLoraOptions } from "../../weights/gguf-lora";
import { saveRun } from "../choose";
import type { LiveRun } from "../live-runs";
import { saveRunAsPeft } from "../save-peft";
import { mergeRun, saveRunAsGguf, saveRunAsOnnx } from "../take-along";
import type { Export } from "./run-file";

/** Which adapters leave in which form; null: all of them. */
const FITS: Readonly<
  Record<Export["as"], { readonly adapters: readonly AdapterSpec["kind"][] | null; readonly readout: boolean }>
> = {
  classifier: { adapters: null, readout: true },
  peft: { adapters: LINEAR_KINDS, readout: true },
  gguf: { adapters: LINEAR_KINDS, readout: false },
  onnx: { adapters: null, readout: true },
  merge: { adapters: [...LINEAR_KINDS, "linear", "full"], readout: false },
};

/**
 * Checks before a run that it can leave as it is asked to: an adapter of another kind, or a task without classes, is told before hours of training.
 * @throws naming the export and what it needs
 */
export function checkExports(exports: readonly Export[], { kind }: AdapterSpec, problem: Trainable<unknown>): void {
  exports.forEach(({ as, to, type }, i) => {
    const { adapters, readout } = FITS[as];
    const where = `result.exports[${i}].as`;
    const types = typesOf(as, to);
    if (type !== undefined && !types.includes(type))
      fail(`result.exports[${i}].type`, types.length === 0 ? `none: ${as} holds numbers as they are` : `of ${as}, ${types.join(" or ")}`, type); // prettier-ignore
    const beside = exports.slice(0, i).find((other) => overlap(takenBy(other), takenBy({ as, to })));
    if (beside !== undefined)
      fail(`result.exports[${i}].to`, `a name that is not ${beside.to} of an export before it, and neither within the other`, to); // prettier-ignore
    if (adapters !== null && !adapters.includes(kind))
      fail(where, `a form that a ${kind} adapter leaves in (${as} takes ${adapters.join(" or ")})`, as);
    if (readout && !isProblem(problem))
      fail(where, `a form for options that are scored whole (gguf or merge), as ${problem.task.name} has`, as);
  });
}

/** How a form can hold its numbers; none: there is no choice. */
function typesOf(as: Export["as"], to: string): readonly NonNullable<Export["type"]>[] {
  if (as === "gguf") return GGUF_LORA_TYPES;
  if (as === "merge") {
    const table = isGgufName(to) ? GGUF_FILE_TYPES : FOLDER_TYPES;
    return Object.keys(table) as (MergedGgufType | MergedFolderType)[];
  }
  return [];
}

/** The name under which something of that export would be there already. */
function takenBy({ as, to }: Pick<Export, "as" | "to">): string {
  return as === "classifier" ? `${to}.adapter.safetensors` : to;
}

/** Whether two paths are one, or one is within the other. */
function overlap(one: string, other: string): boolean {
  const [a, b] = [resolve(one), resolve(other)];
  return a === b || a.startsWith(b + sep) || b.startsWith(a + sep);
}

/** Says which exports have a name that is taken; they are left as they are. */
export function takenExports(exports: readonly Export[]): readonly Export[] {
  return exports.filter((each) => existsSync(takenBy(each)));
}

/**
 * Lets a run leave in one form, and says what was written.
 * @throws as the function that writes it
 */
export async function leave<Batch>(problem: Trainable<Batch>, run: LiveRun, { as, to, type }: Export): Promise<string> {
  switch (as) {
    case "classifier":
      return `${saveRun(problem, run, to)}: adapter and readout, for openClassifier`;
    case "peft":
      return `${await saveRunAsPeft(problem, run, to)}: a folder for PEFT, with the readout`;
    case "gguf":
      return `${await saveRunAsGguf(problem, run, to, type === undefined ? {} : { type: type as NonNullable<GgufLoraOptions["type"]> })}: a GGUF adapter${withoutReadout(problem)}`; // prettier-ignore
    case "onnx": {
      const { path, difference } = await saveRunAsOnnx(problem, run, to);
      return `${path}: one ONNX file, for npm run demo and npm run predict; largest difference to the run ${difference.toExponential(1)}`;
    }
    case "merge":
      // Both dev losses are printed there.
      return `${(await mergeRun(problem, run, to, type === undefined ? {} : { type })).path}: a model of its own${withoutReadout(problem)}`;
    default:
      return unreachable(as);
  }
}

/** Says that a fitted readout stays behind, where a form holds the model alone. */
function withoutReadout({ options: { readout } }: Trainable<unknown>): string {
  if (readout !== "calibrated" && readout !== "probe") return "";
  return `, without the fitted readout (${readout}), which scored dev: peft, onnx and classifier hold it`;
}
