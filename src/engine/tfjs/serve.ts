import type { MessagePort } from "node:worker_threads";
import type { Program } from "../../ops/program";
import type { Layout } from "../../tree/layout";
import { openBackend } from "./tensorflow";
import type { BackendName, Load } from "./tensorflow";
import { tfModel } from "./tf-model";
import type { PassInput, Rows, TfModel } from "./tf-model";

/** What the session asks of its worker thread. */
export type TfRequest =
  | { readonly action: "open"; readonly layout: Layout; readonly backends: readonly BackendName[] }
  | {
      readonly action: "weight";
      readonly name: string;
      readonly shape: readonly number[];
      readonly data: Float32Array;
    }
  | { readonly action: "program"; readonly kind: "plain" | "dual"; readonly program: Program }
  | { readonly action: "run"; readonly kind: "plain" | "dual"; readonly input: PassInput }
  | { readonly action: "forward"; readonly pass: number; readonly input: PassInput }
  | { readonly action: "pullBack"; readonly pass: number; readonly cotangent: Float32Array }
  | { readonly action: "release"; readonly pass: number }
  | { readonly action: "tensors" };

/** What it answers, by request. */
export interface TfReply {
  readonly name?: BackendName;
  readonly told?: string;
  readonly outputs?: readonly Rows[];
  readonly gradient?: Float32Array;
  readonly tensors?: number;
}

/** Answers a session's requests on the worker's port, in order. */
export function serve(port: MessagePort, load: Load): void {
  let model: TfModel | null = null;
  const opened = (): TfModel => {
    if (model === null) throw new Error("the model is not open");
    return model;
  };
  const answer = async (request: TfRequest): Promise<TfReply> => {
    switch (request.action) {
      case "open": {
        const backend = await openBackend(load, request.backends);
        model = tfModel(backend, request.layout);
        return { name: backend.name, told: backend.told };
      }
      case "weight":
        opened().addWeight(request.name, request.shape, request.data);
        return {};
      case "program":
        opened().addProgram(request.kind, request.program);
        return {};
      case "run":
        return { outputs: await opened().run(request.kind, request.input) };
      case "forward":
        return { outputs: [await opened().forward(request.pass, request.input)] };
      case "pullBack":
        return { gradient: await opened().pullBack(request.pass, request.cotangent) };
      case "release":
        opened().release(request.pass);
        return {};
      case "tensors":
        return { tensors: opened().tensors() };
    }
  };
  let before: Promise<void> = Promise.resolve();
  port.on("message", ({ id, ...request }: TfRequest & { readonly id: number }) => {
    before = before.then(async () => {
      try {
        port.postMessage({ id, ...(await answer(request)) });
      } catch (error) {
        port.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
      }
    });
  });
}
