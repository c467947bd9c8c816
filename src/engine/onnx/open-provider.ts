import { messageOf } from "../../check/error-words";
import { WorkerProcess } from "../worker-process";
import { saveGraph } from "./compile";
import { FLOAT, GraphBuilder } from "./graph";
import type { Kernels } from "./kernels";
import { providerOf, providers } from "./providers";
import type { Devices, Provider } from "./providers";
import { EngineWorker, WORKER } from "./worker-client";

/** Where a session's graphs are computed. */
export interface OpenProvider {
  readonly worker: EngineWorker;
  readonly provider: Provider;
  readonly kernels: Kernels;
  /** One line: what computes, and why nothing better. */
  readonly told: string;
}

/**
 * Opens what computes: a thread of this process for the CPU, a process of its own for each session on another provider, so that neither a driver that
 * breaks down nor two sessions at once can take this process with them. Its devices are tried in order; one that opens and multiplies wrong
 * is passed over.
 * @param folder where small files for it are kept
 * @param options how ONNX Runtime opens a graph on that provider
 * @throws when there is no such provider, or none of its devices computes: with each one's reason and what to install
 */
export async function openProvider(
  name: Provider,
  folder: string,
  threads: number,
  options: object,
): Promise<OpenProvider> {
  const provider = providerOf(name);
  const { kernels, devices } = providers[provider];
  if (devices !== null) return { ...(await openDevice(provider, devices(folder), folder, options)), provider, kernels };
  const others = Object.keys(providers).filter((other) => other !== provider);
  const asked = others.map((other) => `"${other}"`).join(" or ");
  const told = `ONNX Runtime computes on the CPU, ${threads} thread${threads === 1 ? "" : "s"} (provider: ${asked} asks for a GPU)`;
  return { worker: new EngineWorker(), provider, kernels, told };
}

/**
 * Opens the first of these devices that computes right, in a process of its own.
 * @throws when none does, with each one's reason and what to install
 */
export async function openDevice(
  provider: Provider,
  { devices, missing }: Devices,
  folder: string,
  options: object,
): Promise<Pick<OpenProvider, "worker" | "told">> {
  const { title, help } = providers[provider];
  const refused = [...missing];
  for (const { name, caution, variables } of devices) {
    const worker = new EngineWorker(new WorkerProcess(...WORKER, variables));
    try {
      await checkProduct(worker, folder, options);
    } catch (error) {
      refused.push(`${name}: ${inWords(messageOf(error))}`);
      await worker.end();
      continue;
    }
    const why = [...(caution === null ? [] : [caution]), ...refused].join("; ");
    return { worker, told: `ONNX Runtime computes by ${title} on ${name}${why === "" ? "" : ` (${why})`}` };
  }
  throw new Error(`provider "${provider}": expected a device that computes, got none (${refused.join("; ")}): ${help}`);
}

/** [1 2] [3 4]^T = 11. */
async function checkProduct(worker: EngineWorker, folder: string, options: object): Promise<void> {
  const graph = new GraphBuilder();
  const product = graph.node("MatMul", [
    graph.input("x", FLOAT, ["R", 2]),
    graph.floats(Float32Array.of(3, 4), [2, 1]),
  ]);
  graph.describe(product, ["R", 1]);
  await worker.create("probe", saveGraph(folder, graph.finish({ y: product }, "")), options);
  const x = { type: "float32", dims: [1, 2], data: Float32Array.of(1, 2) } as const;
  const { outputs } = await worker.run("probe", "probe", new Map([["x", x]]), new Map(), ["y"]);
  await worker.release("probe");
  const found = outputs[0]?.data[0];
  if (found !== 11) throw new Error(`1 * 3 + 2 * 4 came out as ${found}`);
}

/** What an engine says of why not, in a few words: without where in its source, colours, and further lines. */
function inWords(message: string): string {
  const plain = message.replaceAll(/\u001b\[[0-9;]*m/g, "").replace(/^ONNX Runtime: /, "");
  const line = (plain.split(" was false. ").at(-1) ?? "").trim().split("\n")[0] ?? "";
  return line.length > MOST_WORDS ? `${line.slice(0, MOST_WORDS)}...` : line;
}

const MOST_WORDS = 200;
