import type * as Core from "@tensorflow/tfjs-core";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { messageOf } from "../../check/error-words";
import { backendNames } from "./protocol";
import type { BackendName } from "./protocol";

/** TensorFlow.js, loaded at run time: only a worker thread that computes pays for it. */
export type TensorFlow = typeof Core;
export type Tensor = Core.Tensor;

/** A backend that is open, and why those before it are not. */
export interface OpenBackend {
  readonly tf: TensorFlow;
  readonly name: BackendName;
  /** One line for people. */
  readonly told: string;
}

interface Candidate {
  readonly packageName: string;
  /** Its name inside TensorFlow.js. */
  readonly registered: string;
  /** Whether it needs a binary that the package's install script downloads. */
  readonly binary: boolean;
}

/** How packages are found and loaded: a script's own `require`. */
export interface Load {
  (name: string): unknown;
  resolve(name: string): string;
}

const candidates: Readonly<Record<BackendName, Candidate>> = {
  "tfjs-node-gpu": { packageName: "@tensorflow/tfjs-node-gpu", registered: "tensorflow", binary: true },
  "tfjs-node": { packageName: "@tensorflow/tfjs-node", registered: "tensorflow", binary: true },
  wasm: { packageName: "@tensorflow/tfjs-backend-wasm", registered: "wasm", binary: false },
  cpu: { packageName: "@tensorflow/tfjs-backend-cpu", registered: "cpu", binary: false },
};

/**
 * Opens the first backend that loads and multiplies two matrices right.
 * For example `(await openBackend(require)).told`: "TensorFlow.js computes on wasm (tfjs-node-gpu: its binary is not installed; ...)".
 * @param names which to try, in order; default: all of them
 * @throws when none does, with each one's reason
 */
export async function openBackend(load: Load, names: readonly BackendName[] = backendNames): Promise<OpenBackend> {
  const tf = load("@tensorflow/tfjs-core") as TensorFlow;
  tf.enableProdMode();
  const refused: string[] = [];
  for (const name of names) {
    const { packageName, registered, binary } = candidates[name];
    try {
      if (binary) checkBinary(packageName, load.resolve(`${packageName}/package.json`));
      load(packageName);
      if (!(await tf.setBackend(registered))) throw new Error(`no backend "${registered}" was registered`);
      await tf.ready();
      await checkProduct(tf);
      const others = refused.length === 0 ? "" : ` (${refused.join("; ")})`;
      return { tf, name, told: `TensorFlow.js computes on ${name}${others}` };
    } catch (error) {
      refused.push(`${name}: ${reason(error)}`);
    }
  }
  throw new Error(`TensorFlow.js: expected a backend that loads, got none (${refused.join("; ")})`);
}

/** [1 2] [3 4]^T = 11: a library that loads but cannot compute is passed over. */
async function checkProduct(tf: TensorFlow): Promise<void> {
  const product = tf.tidy(() => tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])));
  const [found] = await product.data();
  product.dispose();
  if (found !== 11) throw new Error(`1 * 3 + 2 * 4 came out as ${found}`);
}

/** Loading a package without its binary takes seconds before it fails, so look for it first. */
function checkBinary(packageName: string, manifest: string): void {
  const folder = join(dirname(manifest), "lib");
  const places = existsSync(folder) ? readdirSync(folder) : [];
  if (!places.some((place) => existsSync(join(folder, place, "tfjs_binding.node"))))
    throw new Error(`no binary (npm rebuild ${packageName} --ignore-scripts=false downloads it)`);
}

/** Why a package did not load, in a few words. */
function reason(error: unknown): string {
  const message = messageOf(error);
  if (/Cannot find (module|package)/.test(message)) return "not installed";
  const line = message.split("\n")[0];
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}
