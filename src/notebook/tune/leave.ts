import { existsSync } from "node:fs";
import type { AdapterSpec } from "../../adapter/adapter";
import { fail, unreachable } from "../../check/check";
import { isProblem } from "../../experiment/problem";
import type { Trainable } from "../../experiment/problem";
import { LINEAR_KINDS } from "../../weights/as-lora";
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
  merge: { adapters: [...LINEAR_KINDS, "full"], readout: false },
};

/**
 * Checks before a run that it can leave as it is asked to: an adapter of another kind, or a task without classes, is told before hours of training.
 * @throws naming the export and what it needs
 */
export function checkExports(exports: readonly Export[], { kind }: AdapterSpec, problem: Trainable<unknown>): void {
  exports.forEach(({ as }, i) => {
    const { adapters, readout } = FITS[as];
    const where = `result.exports[${i}].as`;
    if (adapters !== null && !adapters.includes(kind))
      fail(where, `a form that a ${kind} adapter leaves in (${as} takes ${adapters.join(" or ")})`, as);
    if (readout && !isProblem(problem))
      fail(where, `a form for options that are scored whole (gguf or merge), as ${problem.task.name} has`, as);
  });
}

/** The name under which something of that export would be there already. */
function takenBy({ as, to }: Export): string {
  return as === "classifier" ? `${to}.adapter.safetensors` : to;
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
      return `${await saveRunAsGguf(problem, run, to, type === undefined ? {} : { type: type as NonNullable<GgufLoraOptions["type"]> })}: a GGUF adapter`; // prettier-ignore
    case "onnx": {
      const { path, difference } = await saveRunAsOnnx(problem, run, to);
      return `${path}: one ONNX file, for npm run demo and npm run predict; largest difference to the run ${difference.toExponential(1)}`;
    }
    case "merge":
      // Both dev losses are printed there.
      return `${(await mergeRun(problem, run, to, type === undefined ? {} : { type })).path}: a model of its own`;
    default:
      return unreachable(as);
  }
}
