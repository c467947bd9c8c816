import { statSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { fail } from "../check/check";
import type { HubSettings } from "../weights/hub";
import { sitePackages } from "../weights/locate-model";

/** What the environment says, as plain values: the only place of src that reads it. */
export interface Environment {
  /** Task data in the original distributions' formats (ADAZETA_DATA_DIR); undefined: the hub, or the samples. */
  readonly dataFolder: string | undefined;
  /** Where model files are looked for, in this order: ADAZETA_MODEL_DIR, then the packages that `npm start` installed. */
  readonly modelFolders: readonly string[];
  /** The hub that models are fetched from, and the cache that they are kept in (HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, HF_TOKEN, HF_HUB_OFFLINE). */
  readonly hub: HubSettings;
  /** The folder of node-llama-cpp, an environment of its own (ADAZETA_LLAMA_CPP, else .cache/llama-cpp); null: not installed. */
  readonly llamaCpp: string | null;
  /** Values for a notebook's parameters, by name (ADAZETA_SET, a JSON object; `--set name=value`). */
  readonly parameters: Readonly<Record<string, unknown>>;
}

export type Variables = Readonly<Record<string, string | undefined>>;

const isFolder = (name: string): boolean => statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;

/** A variable that names a folder: absolute, or from the project's root. */
function folder(variables: Variables, name: string, root: string): string | undefined {
  const value = variables[name];
  if (value === undefined || value === "") return undefined;
  const full = path.resolve(root, value);
  return isFolder(full) ? full : fail(name, "an existing folder", value);
}

/** Reads the variables that Hugging Face's own libraries read; one that is empty counts as absent. */
function hub(variables: Variables): HubSettings {
  const value = (name: string): string | undefined => variables[name] || undefined;
  const cache = value("XDG_CACHE_HOME") ?? path.join(value("HOME") ?? homedir(), ".cache");
  const home = value("HF_HOME") ?? path.join(cache, "huggingface");
  const token = value("HF_TOKEN");
  return {
    endpoint: (value("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, ""),
    cacheDirectory: value("HF_HUB_CACHE") ?? path.join(home, "hub"),
    offline: /^(1|true|yes|on)$/i.test(value("HF_HUB_OFFLINE") ?? ""),
    ...(token === undefined ? {} : { token }),
  };
}

function llamaCpp(variables: Variables, root: string): string | null {
  const found = path.resolve(root, variables["ADAZETA_LLAMA_CPP"] || LLAMA_CPP);
  return isFolder(found) ? found : null;
}

const LLAMA_CPP = ".cache/llama-cpp/node_modules/node-llama-cpp";

function parameters(text: string | undefined): Readonly<Record<string, unknown>> {
  if (text === undefined || text === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail("ADAZETA_SET", 'a JSON object such as {"steps": 10}', text);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return fail("ADAZETA_SET", "a JSON object", text);
  return value as Readonly<Record<string, unknown>>;
}

/**
 * Reads the environment.
 * For example `environment().modelFolders`: [".../.venv/lib/python3.11/site-packages"].
 * @throws when a variable names no folder, or ADAZETA_SET is not a JSON object
 */
export function environment(variables: Variables = process.env, root: string = process.cwd()): Environment {
  const models = folder(variables, "ADAZETA_MODEL_DIR", root);
  return {
    dataFolder: folder(variables, "ADAZETA_DATA_DIR", root),
    modelFolders: [...(models === undefined ? [] : [models]), ...sitePackages(path.join(root, ".venv"))],
    hub: hub(variables),
    llamaCpp: llamaCpp(variables, root),
    parameters: parameters(variables["ADAZETA_SET"]),
  };
}
