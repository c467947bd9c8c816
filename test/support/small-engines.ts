import type { Adapter } from "../../src/adapter/adapter";
import { onnxSession } from "../../src/engine/onnx/session";
import type { OnnxOptions, OnnxSession } from "../../src/engine/onnx/session";
import { referenceSession } from "../../src/engine/reference/session";
import type { ModelSession } from "../../src/engine/session";
import { tfjsSession } from "../../src/engine/tfjs/session";
import type { TfjsSession } from "../../src/engine/tfjs/session";
import type { Model } from "../../src/model/model";

/** Opens tiny models on every engine, with one thread and their weight files in a folder. */
export function smallEngines(folder: string) {
  return {
    reference: async (model: Model, adapter: Adapter): Promise<ModelSession> => referenceSession(model, adapter),
    onnx: (model: Model, adapter: Adapter, options: OnnxOptions = {}): Promise<OnnxSession> =>
      onnxSession(model, adapter, { threads: 1, cacheDirectory: folder, ...options }),
    tfjs: (model: Model, adapter: Adapter): Promise<TfjsSession> => tfjsSession(model, adapter, { backends: ["wasm"] }),
  };
}
