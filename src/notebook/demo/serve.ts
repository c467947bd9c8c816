import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join, resolve } from "node:path";
import { fail } from "../../check/check";
import { codeOf, messageOf } from "../../check/error-words";
import { CLASSIFIER_FILES, readClassifier } from "../../export/exported-classifier";
import type { ExportedClassifier } from "../../export/exported-classifier";

/** A page that is being served. */
export interface Demo {
  readonly url: string;
  close(): Promise<void>;
}

/** Only this computer reaches it. */
const HOST = "127.0.0.1";
const LARGEST_TEXT = 1 << 20;
const PAGE = join("src", "notebook", "demo");
const RUNTIME = join("node_modules", "onnxruntime-web", "dist");

/** Everything that is served as it lies on the disk, by its path on the page, and what it is. */
const PAGE_FILES: Readonly<Record<string, readonly [path: string, type: string]>> = {
  "/": [join(PAGE, "page.html"), "text/html; charset=utf-8"],
  "/page.css": [join(PAGE, "page.css"), "text/css; charset=utf-8"],
  "/page.mjs": [join(PAGE, "page.mjs"), "text/javascript; charset=utf-8"],
  ...Object.fromEntries(
    ["ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"].map((name) => [
      `/ort/${name}`,
      [join(RUNTIME, name), name.endsWith(".wasm") ? "application/wasm" : "text/javascript; charset=utf-8"],
    ]),
  ),
};

/** The page may ask this server alone, and run its own scripts alone, whatever it is shown. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
} as const;

/**
 * Serves a page in which a written classifier runs, on this computer alone: the page has the model and ONNX Runtime from here, and asks here for a
 * text's tokens. The project's folder has to be the current one.
 * For example `(await serveDemo("data/runs/mine")).url`: "http://127.0.0.1:8787/".
 * @param folder as `saveRunAsOnnx` writes it
 * @param port 0: any free one
 * @throws when the folder has no classifier, ONNX Runtime for pages is not installed, or the port is taken
 */
export async function serveDemo(folder: string, port: number): Promise<Demo> {
  const classifier = readClassifier(folder);
  const graph = join(folder, CLASSIFIER_FILES.graph);
  if (!existsSync(graph)) return fail(graph, "the classifier's graph", "no such file");
  for (const [path] of Object.values(PAGE_FILES))
    if (!existsSync(path)) fail(path, "a file of this project, whose folder is the current one (npm ci)", "no such file"); // prettier-ignore
  const model = Object.values(CLASSIFIER_FILES)
    .filter((name) => name !== CLASSIFIER_FILES.recipe && existsSync(join(folder, name)))
    .map((name) => ({ name, path: join(folder, name), bytes: statSync(join(folder, name)).size }));
  const about = JSON.stringify(aboutOf(folder, classifier, model));
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else sendError(response, 400, messageOf(error));
    });
  });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method, headers, url = "/" } = request;
    // Another page that calls this computer by a name of its own has that name here.
    if (!hostsOf(server).includes(headers.host ?? ""))
      return sendError(response, 403, `expected this page's own address, http://${hostOf(server)}/`);
    const path = url.split("?")[0]!;
    if (path === "/tokens") {
      if (method !== "POST") return sendError(response, 405, "expected POST");
      const fields = fieldsOf(classifier, await bodyOf(request));
      return send(response, "application/json", JSON.stringify(classifier.ask(fields)));
    }
    if (method !== "GET" && method !== "HEAD") return sendError(response, 405, "expected GET");
    if (path === "/about") return send(response, "application/json", about);
    const page = Object.hasOwn(PAGE_FILES, path) ? PAGE_FILES[path] : undefined;
    if (page !== undefined) return sendFile(response, page[0], page[1]);
    const file = model.find(({ name }) => path === `/model/${name}`);
    if (file !== undefined) return sendFile(response, file.path, "application/octet-stream");
    return sendError(response, 404, "no such page");
  };
  await listening(server, port);
  return {
    url: `http://${hostOf(server)}/`,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** What the page has to know. */
function aboutOf(
  folder: string,
  { notes }: Pick<ExportedClassifier, "notes">,
  model: readonly { readonly name: string; readonly bytes: number }[],
): object {
  const { labels, fields, mayBeEmpty = [], note, base } = notes;
  const files = model.map(({ name, bytes }) => ({ name, bytes }));
  return { title: basename(resolve(folder)), labels, fields: Object.keys(fields), mayBeEmpty, note, base, files };
}

function fieldsOf({ notes }: Pick<ExportedClassifier, "notes">, body: string): Readonly<Record<string, string>> {
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch (error) {
    return fail("text", "fields as JSON", messageOf(error));
  }
  const texts = (given ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.keys(notes.fields).map((name) => {
      const text = Object.hasOwn(texts, name) ? texts[name] : undefined;
      return typeof text === "string"
        ? [name, notes.verbatim === true ? text : text.trim()]
        : fail(name, "a text", text);
    }),
  );
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > LARGEST_TEXT) fail("text", `at most ${LARGEST_TEXT} bytes`, "more");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

function hostOf(server: Server): string {
  return `${HOST}:${(server.address() as AddressInfo).port}`;
}

/** What a browser on this computer may call the page; it leaves port 80 out. */
function hostsOf(server: Server): readonly string[] {
  const { port } = server.address() as AddressInfo;
  return [HOST, "localhost"].flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]);
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((done, refuse) => {
    server.once("error", (error) =>
      refuse(
        codeOf(error) === "EADDRINUSE"
          ? new Error(`port: expected a free one, got ${port}, which is taken; choose another: --port 0 finds one`)
          : error,
      ),
    );
    server.listen(port, HOST, () => done());
  });
}

function send(response: ServerResponse, type: string, content: string): void {
  response.writeHead(200, { ...HEADERS, "content-type": type }).end(content);
}

function sendError(response: ServerResponse, status: number, error: string): void {
  response.writeHead(status, { ...HEADERS, "content-type": "application/json" }).end(JSON.stringify({ error }));
}

function sendFile(response: ServerResponse, path: string, type: string): void {
  const stream = createReadStream(path);
  stream.once("open", () => {
    response.writeHead(200, { ...HEADERS, "content-type": type, "content-length": statSync(path).size });
    stream.pipe(response);
  });
  stream.once("error", (error) => {
    if (response.headersSent) response.destroy();
    else sendError(response, 500, messageOf(error));
  });
  response.once("close", () => stream.destroy());
}
