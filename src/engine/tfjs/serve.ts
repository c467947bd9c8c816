import type { MessagePort } from "node:worker_threads";
import { serveRequests } from "../work.cjs";
import type { TfReply, TfRequest } from "./protocol";
import { openBackend } from "./tensorflow";
import type { Load } from "./tensorflow";
import { tfModel } from "./tf-model";
import type { TfModel } from "./tf-model";

/** Answers a session's requests on the worker's port, in order. */
export function serve(port: MessagePort, state: Int32Array, load: Load): void {
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
        return { outputs: [await opened().forward(request.kind, request.pass, request.input)] };
      case "pullBack":
        return { outputs: await opened().pullBack(request.pass, request.cotangent) };
      case "release":
        opened().release(request.pass);
        return {};
      case "tensors":
        return { tensors: opened().tensors() };
    }
  };
  serveRequests(
    port,
    state,
    async (request: TfRequest) => ({ reply: await answer(request) }),
    () => undefined,
  );
}
