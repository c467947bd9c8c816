import type { MessagePort } from "node:worker_threads";
import type { TfReply, TfRequest } from "./protocol";
import { openBackend } from "./tensorflow";
import type { Load } from "./tensorflow";
import { tfModel } from "./tf-model";
import type { TfModel } from "./tf-model";

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
