import type { Model, Weights } from "../../src/model/model";
import { modelOf } from "../../src/model/model-of";
import { openSafetensors } from "../../src/weights/safetensors";
import { readJson, tinyWeights } from "./tiny-models";
import type { TinyModelName } from "./tiny-models";

/** Gives a tiny model with more layers than its file has: layer i has the weights of layer i mod 2 under a name of its own. */
export function deepModel(name: TinyModelName, layers: number): Model {
  const weights = openSafetensors(tinyWeights(name));
  const inFile = (tensor: string): string =>
    tensor.replace(/\blayer(s?)\.(\d+)\./, (_all, plural: string, i: string) => `layer${plural}.${Number(i) % 2}.`);
  const deep: Weights = {
    ...weights,
    id: `${weights.id} ${layers} layers`,
    names: () => weights.names(),
    has: (tensor) => weights.has(inFile(tensor)),
    matrix: (tensor, shape) => ({ ...weights.matrix(inFile(tensor), shape), name: tensor }),
    vector: (tensor, size) => ({ ...weights.vector(inFile(tensor), size), name: tensor }),
  };
  const config = readJson(`test/fixtures/models/${name}/config.json`) as Readonly<Record<string, unknown>>;
  return modelOf({ ...config, num_hidden_layers: layers }, deep);
}
