import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { knownOptions, namesOf } from "../check/known-options";
import { uploadToHub } from "../weights/hub-upload";
import type { Upload, Uploaded } from "../weights/hub-upload";
import { environment } from "./environment";
import { stopSignal } from "./stop-signal";

/** How something is put on the hub. */
export interface PushOptions {
  /** With write access. Default: HF_TOKEN. */
  readonly token?: string;
  /** Whether a repository that is made now is private; default true. One that is there stays as it is. */
  readonly private?: boolean;
  /** Title of the commit. */
  readonly message?: string;
  /** Address of another hub. Default: HF_ENDPOINT, or huggingface.co. */
  readonly endpoint?: string;
}

const OPTIONS = namesOf<PushOptions>({ token: true, private: true, message: true, endpoint: true });

/** What lies beside a file and goes with it, under the name that the hub reads. */
const BESIDE: Readonly<Record<string, string>> = { ".README.md": "README.md", ".Modelfile": "Modelfile" };

/**
 * Uploads what was written to a model repository of the hub, which is made (private) where there is none: a folder with all of its files, or a GGUF
 * file with its verify.json, card and Modelfile. In one commit: all of it is there, or nothing. Nothing is uploaded unless this is called.
 * For example `await pushToHub("data/runs/mine", "me/my-messages")`.
 * @throws when there is no such folder or file, no token, HF_HUB_OFFLINE is set, or the hub refuses (saying what to do); no message holds the token
 */
export async function pushToHub(folder: string, repository: string, options: PushOptions = {}): Promise<Uploaded> {
  knownOptions("pushToHub", options, OPTIONS);
  const { hub } = environment();
  const endpoint = (options.endpoint ?? hub.endpoint).replace(/\/+$/, "");
  if (hub.offline === true) throw new Error("hub: expected that it may be asked, got HF_HUB_OFFLINE set; unset it");
  // HF_TOKEN is for the environment's hub.
  const token = options.token ?? (endpoint === hub.endpoint ? hub.token : undefined);
  return uploadToHub(repository, uploadsOf(folder), {
    endpoint,
    token,
    private: options.private ?? true,
    message: options.message ?? `Upload ${basename(folder)}`,
    signal: stopSignal(),
  });
}

/** The files that go along; those whose names begin with a dot stay here. */
function uploadsOf(path: string): readonly Upload[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    throw new Error(`${path}: expected a folder or a file that was written before, got nothing of that name`);
  if (found.isDirectory()) {
    const uploads = filesBelow(path, "");
    if (uploads.length === 0) throw new Error(`${path}: expected files to upload, got an empty folder`);
    return uploads;
  }
  const beside = { ...BESIDE, ".verify.json": `${basename(path)}.verify.json` };
  return [
    { place: path, path: basename(path) },
    ...Object.entries(beside).flatMap(([ending, name]) =>
      existsSync(`${path}${ending}`) ? [{ place: `${path}${ending}`, path: name }] : [],
    ),
  ];
}

function filesBelow(folder: string, inside: string): readonly Upload[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith("."))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const [place, path] = [join(folder, entry.name), `${inside}${entry.name}`];
      if (entry.isDirectory()) return filesBelow(place, `${path}/`);
      return entry.isFile() ? [{ place, path }] : [];
    });
}
