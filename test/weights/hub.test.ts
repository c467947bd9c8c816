import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { besideOf } from "../../src/disk/whole-file";
import { hubFile, hubSnapshot, type HubEvent, type HubOptions } from "../../src/weights/hub";
import { openSafetensors } from "../../src/weights/safetensors";
import {
  commitOf,
  gitHash,
  hubServer,
  sha256,
  type HubRequest,
  type HubServerOptions,
  type Served,
} from "../support/hub-server";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";

const test = suite("weights/hub");
const place = scratch();
test.after(() => place.remove());

const REPO = "acme/tiny";
const CONFIG = Buffer.from(`{"model_type":"bert"}`);
const TYPES = readFileSync("test/fixtures/weights/types.safetensors");
/** Large enough to arrive in several pieces. */
const LARGE = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * i + (i >> 8)) % 251));
const FILES: Served = { "config.json": CONFIG, "model.safetensors": TYPES, "pytorch_model.bin": "package.json" };
const MODEL = `/${REPO}/resolve/${commitOf("main")}/model.safetensors`;
const SECRET = "hf_not-a-real-token";

let caches = 0;
const newCache = (): string => place.file(`cache-${caches++}`);
const blobsOf = (cache: string): readonly string[] => {
  const folder = join(cache, "models--acme--tiny", "blobs");
  return existsSync(folder) ? readdirSync(folder) : [];
};

/** Runs against a server with these files, quick to try again, and hands over what was told and asked. */
async function withHub<T>(
  files: Served,
  server: HubServerOptions,
  use: (options: HubOptions, told: readonly HubEvent[], asked: readonly HubRequest[]) => Promise<T>,
): Promise<T> {
  const hub = await hubServer(REPO, { main: files }, { type: "models", ...server });
  const told: HubEvent[] = [];
  const { endpoint, asked } = hub;
  const options = { endpoint, cacheDirectory: newCache(), retryMs: 5, on: (event: HubEvent) => told.push(event) };
  try {
    return await use(options, told, asked);
  } finally {
    await hub.close();
  }
}

test("a model's files are chosen, checked and laid out as Python's library lays them out", async () => {
  await withHub(FILES, {}, async (options, told) => {
    const { folder, commit, files } = await hubSnapshot(REPO, null, options);
    const root = join(options.cacheDirectory, "models--acme--tiny");
    assert.is(commit, commitOf("main"));
    assert.is(folder, join(root, "snapshots", commit));
    assert.equal(files, [join(folder, "config.json"), join(folder, "model.safetensors")]);
    assert.is(readFileSync(join(root, "refs", "main"), "utf8"), commit);
    assert.equal([...blobsOf(options.cacheDirectory)].sort(), [gitHash(CONFIG), sha256(TYPES)].sort());
    assert.ok(lstatSync(files[1]!).isSymbolicLink());
    assert.is(openSafetensors(folder).names().length, 5);
    assert.equal(
      told.filter(({ kind }) => kind === "file").map((event) => event.kind === "file" && event.cached),
      [false, false],
    );
    const last = told.filter((event) => event.kind === "progress").at(-1);
    assert.ok(last?.kind === "progress" && last.bytes === last.total && last.total === CONFIG.length + TYPES.length);
  });
});

test("what is in the cache is not loaded again; a commit that is whole there costs no request at all", async () => {
  await withHub(FILES, {}, async (options, told, asked) => {
    await hubFile(REPO, "model.safetensors", options);
    const first = asked.length;
    await hubFile(REPO, "model.safetensors", options);
    assert.ok(told.some((event) => event.kind === "file" && event.cached));
    assert.is(asked.slice(first).filter(({ path }) => path.includes("/resolve/")).length, 0);
    const second = asked.length;
    await hubFile(REPO, "model.safetensors", { ...options, revision: commitOf("main") });
    assert.is(asked.length, second);
  });
});

test("offline the cache is used without a request, also as Python's library left it; what is not there is an error", async () => {
  const cache = newCache();
  const commit = "0123456789abcdef0123456789abcdef01234567";
  const root = join(cache, "models--acme--tiny");
  for (const folder of ["refs", "blobs", `snapshots/${commit}`]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "refs", "main"), commit);
  writeFileSync(join(root, "blobs", sha256(TYPES)), TYPES);
  symlinkSync(`../../blobs/${sha256(TYPES)}`, join(root, "snapshots", commit, "model.safetensors"));
  const offline = { endpoint: "http://127.0.0.1:1", cacheDirectory: cache, offline: true };
  const found = await hubSnapshot(REPO, null, offline);
  assert.equal(found.files, [join(root, "snapshots", commit, "model.safetensors")]);
  await rejectsWith(hubFile(REPO, "config.json", offline), "acme/tiny, offline: expected config.json at main in");
  await rejectsWith(hubFile("acme/other", "config.json", offline), 'got "not all of it there"');
});

test("without a connection the cache's commit is used, and said; without a cache it is an error", async () => {
  const { cacheDirectory, endpoint } = await withHub(FILES, {}, async (options) => {
    await hubFile(REPO, "config.json", options);
    return options;
  });
  const told: HubEvent[] = [];
  const gone = { endpoint, cacheDirectory, attempts: 2, retryMs: 5, on: (event: HubEvent) => told.push(event) };
  assert.equal(readFileSync(await hubFile(REPO, "config.json", gone)), CONFIG);
  assert.equal(
    told.map(({ kind }) => kind),
    ["retry", "unreachable"],
  );
  await rejectsWith(hubFile(REPO, "model.safetensors", gone), "and the cache does not have its files");
});

/** Sends so many bytes of the file and breaks the connection. */
function breakAfter(bytes: number, from = 0): (request: HubRequest) => boolean {
  return ({ response }) => {
    const status = from > 0 ? 206 : 200;
    const range = from > 0 ? { "content-range": `bytes ${from}-${LARGE.length - 1}/${LARGE.length}` } : {};
    response.writeHead(status, { "content-length": LARGE.length - from, ...range });
    response.write(LARGE.subarray(from, from + bytes), () => setTimeout(() => response.destroy(), 20));
    return true;
  };
}
const LARGE_FILES: Served = { "config.json": CONFIG, "model.safetensors": LARGE };

test("a connection that breaks in the middle of a file is taken up where it broke", async () => {
  const fault = (request: HubRequest): boolean =>
    request.path === MODEL && request.before === 0 && breakAfter(1_000_000)(request);
  await withHub(LARGE_FILES, { fault }, async (options, told, asked) => {
    const path = await hubFile(REPO, "model.safetensors", options);
    assert.is(sha256(readFileSync(path)), sha256(LARGE));
    const loads = asked.filter((request) => request.path === MODEL);
    assert.is(loads.length, 2);
    const from = Number(/^bytes=(\d+)-$/.exec(loads[1]!.headers.range ?? "")?.[1]);
    assert.ok(from > 0 && from <= 1_000_000, `asked for ${loads[1]!.headers.range}`);
    assert.ok(told.some((event) => event.kind === "retry" && event.path === "model.safetensors"));
    assert.equal(blobsOf(options.cacheDirectory), [sha256(LARGE)]);
  });
});

test("a later call goes on from what an earlier one left", async () => {
  let broken = true;
  const fault = (request: HubRequest): boolean => {
    if (request.path !== MODEL || !broken) return false;
    if (request.before === 0) return breakAfter(1_500_000)(request);
    request.response.destroy();
    return true;
  };
  await withHub(LARGE_FILES, { fault }, async (options, _, asked) => {
    await rejectsWith(hubFile(REPO, "model.safetensors", { ...options, attempts: 2 }), "127.0.0.1");
    assert.ok(blobsOf(options.cacheDirectory).every((name) => name.endsWith(".incomplete")));
    assert.is(blobsOf(options.cacheDirectory).length, 1);
    broken = false;
    const path = await hubFile(REPO, "model.safetensors", options);
    assert.is(sha256(readFileSync(path)), sha256(LARGE));
    assert.match(asked.at(-1)!.headers.range ?? "", /^bytes=[1-9]\d*-$/);
    assert.equal(blobsOf(options.cacheDirectory), [sha256(LARGE)]);
  });
});

test("a file that is always shorter than promised is an error, and is never in the cache", async () => {
  const fault = ({ path, headers, response }: HubRequest): boolean => {
    if (path !== MODEL) return false;
    const start = Number(/^bytes=(\d+)-/.exec(headers.range ?? "")?.[1] ?? 0);
    if (start === 0) response.writeHead(200).end(LARGE.subarray(0, 1000));
    else response.writeHead(206, { "content-range": `bytes ${start}-${LARGE.length - 1}/${LARGE.length}` }).end();
    return true;
  };
  await withHub(LARGE_FILES, { fault }, async (options) => {
    await rejectsWith(
      hubFile(REPO, "model.safetensors", { ...options, attempts: 3 }),
      "model.safetensors: expected 3000000 bytes, got 1000",
    );
    assert.not(existsSync(join(options.cacheDirectory, "models--acme--tiny", "snapshots")));
  });
});

test("another content than promised is refused, large files by SHA-256, small ones by Git's hash", async () => {
  for (const [name, bytes] of [
    ["model.safetensors", LARGE],
    ["config.json", CONFIG],
  ] as const) {
    const wrong = Buffer.from(bytes);
    wrong[7]! ^= 1;
    const fault = ({ path, response }: HubRequest): boolean => {
      if (!path.includes(`/resolve/`)) return false;
      response.writeHead(200).end(wrong);
      return true;
    };
    await withHub(LARGE_FILES, { fault }, async (options) => {
      const digest = name === "config.json" ? `git ${gitHash(CONFIG)}` : `sha256 ${sha256(LARGE)}`;
      await rejectsWith(hubFile(REPO, name, options), `${name}: expected content with ${digest}, got`);
      assert.equal(blobsOf(options.cacheDirectory), []);
    });
  }
});

test("more bytes than promised are refused before they fill the disk", async () => {
  const fault = ({ path, response }: HubRequest): boolean => {
    if (path !== MODEL) return false;
    response.writeHead(200).end(Buffer.concat([LARGE, LARGE]));
    return true;
  };
  await withHub(LARGE_FILES, { fault }, async (options) => {
    await rejectsWith(hubFile(REPO, "model.safetensors", options), "expected 3000000 bytes, got more");
    assert.equal(blobsOf(options.cacheDirectory), []);
  });
});

test("a partial file with damaged bytes is loaded once more from the beginning", async () => {
  await withHub(LARGE_FILES, {}, async (options, told) => {
    const blob = join(options.cacheDirectory, "models--acme--tiny", "blobs", sha256(LARGE));
    mkdirSync(dirname(blob), { recursive: true });
    writeFileSync(`${blob}.adazeta.incomplete`, Buffer.alloc(5000, 1));
    const path = await hubFile(REPO, "model.safetensors", options);
    assert.is(sha256(readFileSync(path)), sha256(LARGE));
    assert.ok(told.some((event) => event.kind === "retry" && /not the promised one/.test(event.reason)));
  });
});

test("the partial file of a killed process is gone on from, and that of a living one is let alone", async () => {
  await withHub(LARGE_FILES, {}, async (options, _, asked) => {
    const blob = join(options.cacheDirectory, "models--acme--tiny", "blobs", sha256(LARGE));
    mkdirSync(dirname(blob), { recursive: true });
    const living = besideOf(blob, "incomplete");
    const dead = living.replace(`${process.pid}-`, `${2 ** 22 + 7}-`);
    writeFileSync(living, LARGE.subarray(0, 7000));
    writeFileSync(dead, LARGE.subarray(0, 5000));
    await hubFile(REPO, "model.safetensors", options);
    assert.equal(
      asked.filter(({ path }) => path === MODEL).map(({ headers }) => headers.range),
      ["bytes=5000-"],
    );
    assert.equal(blobsOf(options.cacheDirectory), [sha256(LARGE), basename(living)].sort());
    assert.is(sha256(readFileSync(blob)), sha256(LARGE));
  });
});

test("a server that knows no ranges sends all of it again", async () => {
  const fault = ({ path, response }: HubRequest): boolean => {
    if (path === MODEL) response.writeHead(200, { "content-length": LARGE.length }).end(LARGE);
    return path === MODEL;
  };
  await withHub(LARGE_FILES, { fault }, async (options) => {
    const blob = join(options.cacheDirectory, "models--acme--tiny", "blobs", sha256(LARGE));
    mkdirSync(dirname(blob), { recursive: true });
    writeFileSync(`${blob}.adazeta.incomplete`, LARGE.subarray(0, 5000));
    const path = await hubFile(REPO, "model.safetensors", options);
    assert.is(sha256(readFileSync(path)), sha256(LARGE));
  });
});

test("two calls at once for one file both end with it whole", async () => {
  await withHub(LARGE_FILES, {}, async (options) => {
    const paths = await Promise.all([1, 2].map(() => hubFile(REPO, "model.safetensors", options)));
    assert.is(paths[0], paths[1]);
    assert.is(sha256(readFileSync(paths[0]!)), sha256(LARGE));
    assert.equal(blobsOf(options.cacheDirectory), [sha256(LARGE)]);
  });
});

/** A refusal of every request, with a status and an error code. */
const refusing =
  (status: number, headers: Readonly<Record<string, string>> = {}, times = Infinity) =>
  ({ before, response }: HubRequest): boolean => {
    if (before >= times) return false;
    response.writeHead(status, headers).end("no");
    return true;
  };

test("401, 403 and gated repositories say what to do, with a token and without, and never show it", async () => {
  const cases: readonly (readonly [number, string, string | undefined, string])[] = [
    [401, "", undefined, "does not exist, is private, or is gated; check the name, or set HF_TOKEN"],
    [401, "", SECRET, "the token was not accepted"],
    [403, "", SECRET, "access denied; ask for it on"],
    [403, "GatedRepo", undefined, "the repository is gated. Accept its terms on"],
    [401, "GatedRepo", SECRET, "the token's account has not been granted access"],
  ];
  for (const [status, code, token, expected] of cases)
    await withHub(FILES, { fault: refusing(status, { "x-error-code": code }) }, async (options, _, asked) => {
      await rejectsWith(hubFile(REPO, "config.json", { ...options, token }), expected);
      assert.is(asked.length, 1, "a refusal is not tried again");
      await hubFile(REPO, "config.json", { ...options, token }).catch(({ message, stack }: Error) =>
        assert.not(`${message} ${stack}`.includes(SECRET)),
      );
    });
});

test("the token is sent to the endpoint and to no other address", async () => {
  const other = await hubServer(REPO, { main: FILES }, { type: "models" });
  const fault = ({ path, response }: HubRequest): boolean => {
    if (path !== MODEL) return false;
    response.writeHead(302, { location: `${other.endpoint}${MODEL}` }).end();
    return true;
  };
  await withHub(FILES, { fault }, async (options, _, asked) => {
    await hubFile(REPO, "model.safetensors", { ...options, token: SECRET });
    assert.ok(asked.every(({ headers }) => headers.authorization === `Bearer ${SECRET}`));
    assert.equal(
      other.asked.map(({ headers }) => headers.authorization),
      [undefined],
    );
  });
  await other.close();
  const endpoint = "http://user:password@127.0.0.1:1";
  await hubFile(REPO, "config.json", { endpoint, cacheDirectory: newCache() }).then(
    () => assert.unreachable(),
    ({ message }: Error) => assert.ok(/without a user name or password/.test(message) && !message.includes("user:")),
  );
});

test("without encryption the token is sent to this machine alone, and a refusal says why", async () => {
  await withHub(FILES, {}, async (options, _, asked) => {
    // Both reach the server; neither is a name of this machine that any system reads so.
    const { port } = new URL(options.endpoint);
    for (const host of ["0.0.0.0", "[::ffff:127.0.0.1]"]) {
      const from = asked.length;
      const elsewhere = { ...options, endpoint: `http://${host}:${port}`, cacheDirectory: newCache(), token: SECRET };
      await hubFile(REPO, "config.json", elsewhere);
      assert.ok(asked.length > from + 1);
      for (const { headers } of asked.slice(from)) assert.is(headers.authorization, undefined, host);
    }
    for (const host of ["localhost", "127.0.0.1"]) {
      const from = asked.length;
      const here = { ...options, endpoint: `http://${host}:${port}`, cacheDirectory: newCache(), token: SECRET };
      await hubFile(REPO, "config.json", here);
      for (const { headers } of asked.slice(from)) assert.is(headers.authorization, `Bearer ${SECRET}`, host);
    }
  });
  await withHub(FILES, { fault: refusing(401) }, async (options) => {
    const endpoint = options.endpoint.replace("127.0.0.1", "0.0.0.0");
    await rejectsWith(
      hubFile(REPO, "config.json", { ...options, endpoint, token: SECRET }),
      "HF_TOKEN was not sent: plain http",
    );
  });
});

/** Every file and folder below one, with its time. */
function stateOf(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return ["", ...names].map((name) => `${name} ${lstatSync(join(folder, name)).mtimeMs}`);
}

test("a cache that is whole is only read, also online", async () => {
  await withHub(FILES, {}, async (options) => {
    const first = await hubSnapshot(REPO, null, options);
    const before = stateOf(options.cacheDirectory);
    await new Promise((later) => setTimeout(later, 20));
    assert.equal(await hubSnapshot(REPO, null, options), first);
    assert.equal(stateOf(options.cacheDirectory), before);
  });
});

test("where the cache cannot be written its own commit is used, and said; without one the disk's error is", async () => {
  const old = commitOf("old");
  const cacheDirectory = newCache();
  const root = join(cacheDirectory, "models--acme--tiny");
  for (const folder of ["refs", `snapshots/${old}`]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "refs", "main"), old);
  writeFileSync(join(root, "snapshots", old, "config.json"), "{}");
  // Nothing can be put there, whoever is asking.
  writeFileSync(join(root, "blobs"), "");
  await withHub(FILES, {}, async (options, told) => {
    const found = await hubSnapshot(REPO, ["config.json"], { ...options, cacheDirectory });
    assert.equal([found.commit, found.files], [old, [join(root, "snapshots", old, "config.json")]]);
    assert.equal(
      told.map(({ kind }) => kind),
      ["not writable"],
    );
    const missing = hubSnapshot(REPO, null, { ...options, cacheDirectory: join(root, "blobs") });
    await rejectsWith(missing, "acme/tiny: the cache cannot be written: ");
    await rejectsWith(missing, "HF_HUB_CACHE names another place");
  });
});

test("of several files none is in the snapshot before all are here", async () => {
  let refuse = true;
  const fault = ({ path, response }: HubRequest): boolean => {
    if (!refuse || path !== MODEL) return false;
    response.writeHead(500).end();
    return true;
  };
  await withHub(FILES, { fault }, async (options) => {
    await rejectsWith(hubSnapshot(REPO, null, { ...options, attempts: 1 }), "answered 500");
    const root = join(options.cacheDirectory, "models--acme--tiny");
    assert.not(existsSync(join(root, "snapshots")) || existsSync(join(root, "refs")));
    refuse = false;
    assert.is((await hubSnapshot(REPO, null, options)).files.length, 2);
  });
});

test("a hub that falls silent in the middle of a listing is given up", async () => {
  const fault = ({ path, response }: HubRequest): boolean => {
    if (!path.includes("/tree/")) return false;
    response.writeHead(200, { "content-type": "application/json" }).write("[");
    return true;
  };
  await withHub(FILES, { fault }, async (options) => {
    await rejectsWith(
      hubFile(REPO, "config.json", { ...options, answerMs: 50, attempts: 2 }),
      "no answer within 0.05 s",
    );
  });
});

test("a repository, revision or file that is not there is named, with near names", async () => {
  await withHub(FILES, { names: ["acme/tiny", "other/tiny"] }, async (options) => {
    await rejectsWith(hubFile("acme/tinny", "config.json", options), "similar: acme/tiny, other/tiny");
    await rejectsWith(
      hubFile(REPO, "config.json", { ...options, revision: "dev" }),
      "it has no such revision; use a branch, tag or commit that",
    );
    await rejectsWith(
      hubFile(REPO, "confg.json", options),
      "confg.json: expected a file of the repository, got none; nearest: config.json",
    );
  });
});

test("429 waits as long as it says, 5xx a little longer each time, and both end", async () => {
  await withHub(FILES, { fault: refusing(429, { "retry-after": "0.05" }, 2) }, async (options, told) => {
    await hubFile(REPO, "config.json", options);
    const [first] = told;
    assert.ok(first?.kind === "retry" && first.waitMs === 50 && /answered 429/.test(first.reason));
  });
  await withHub(FILES, { fault: refusing(503) }, async (options, told, asked) => {
    await rejectsWith(hubFile(REPO, "config.json", { ...options, attempts: 3 }), "answered 503");
    assert.is(asked.length, 3);
    assert.equal(
      told.map((event) => event.kind === "retry" && event.waitMs),
      [5, 10],
    );
  });
  await withHub(FILES, { fault: refusing(429, { "retry-after": "3600" }) }, async (options, _, asked) => {
    await rejectsWith(hubFile(REPO, "config.json", options), "answered 429, asks for 3600 s of patience");
    assert.is(asked.length, 1);
  });
});

test("a hub that never answers, and one that falls silent in a file, are given up", async () => {
  await withHub(FILES, { fault: () => true }, async (options) => {
    await rejectsWith(
      hubFile(REPO, "config.json", { ...options, answerMs: 30, attempts: 2 }),
      "no answer within 0.03 s",
    );
  });
  const fault = ({ path, before, response }: HubRequest): boolean => {
    if (path !== MODEL || before > 0) return false;
    response.writeHead(200, { "content-length": LARGE.length }).write(LARGE.subarray(0, 100_000));
    return true;
  };
  await withHub(LARGE_FILES, { fault }, async (options, told) => {
    const path = await hubFile(REPO, "model.safetensors", { ...options, silenceMs: 100 });
    assert.is(sha256(readFileSync(path)), sha256(LARGE));
    assert.ok(told.some((event) => event.kind === "retry" && /no byte within 0.1 s/.test(event.reason)));
  });
});

test("a download is aborted at once and keeps what came", async () => {
  const stop = new AbortController();
  const fault = ({ path, response }: HubRequest): boolean => {
    if (path !== MODEL) return false;
    response.writeHead(200, { "content-length": LARGE.length }).write(LARGE.subarray(0, 500_000));
    setTimeout(() => stop.abort(new Error("stopped")), 50);
    return true;
  };
  await withHub(LARGE_FILES, { fault }, async (options) => {
    await rejectsWith(hubFile(REPO, "model.safetensors", { ...options, signal: stop.signal }), "stopped");
    assert.match(blobsOf(options.cacheDirectory).join(), /^[0-9a-f]{64}\.adazeta\.incomplete$/);
  });
});

test("paths that would lead out of the folder are refused, asked for or listed", async () => {
  await withHub(FILES, {}, async (options, _, asked) => {
    for (const path of ["../x", "a/../../x", "/etc/passwd", "C:\\x", "..\\x", "a//b", "", "a\0b"])
      await rejectsWith(
        hubFile(REPO, path, options),
        "path in a repository: expected one that stays inside the folder",
      );
    for (const name of ["../x", "a/b/c", "", "-x/../y", "a/..", "a b"])
      await rejectsWith(hubFile(name, "config.json", options), `repository: expected "organization/name"`);
    await rejectsWith(hubFile(REPO, "a", { ...options, offline: true, revision: "../../x" }), "path in a repository");
    assert.is(asked.length, 0);
  });
  const escaping: Served = { ...FILES, "../../../escaped.json": CONFIG };
  await withHub(escaping, {}, async (options) => {
    await rejectsWith(hubSnapshot(REPO, null, options), `stays inside the folder, got "../../../escaped.json"`);
  });
  const listed = (entry: object): object => ({ ...entry, oid: "../../../../escaped" });
  await withHub(FILES, { listed }, async (options) => {
    await rejectsWith(
      hubFile(REPO, "config.json", options),
      "in the hub's listing: expected a path, a size and a digest",
    );
  });
  assert.not(existsSync(place.file("escaped.json")));
});

test("a repository of pickles alone is refused with the reason", async () => {
  await withHub({ "config.json": CONFIG, "pytorch_model.bin": "package.json" }, {}, async (options, _, asked) => {
    await rejectsWith(
      hubSnapshot(REPO, null, options),
      "got only pytorch_model.bin: a PyTorch pickle, which can run code when it is loaded and is refused",
    );
    assert.not(asked.some(({ path }) => path.includes("/resolve/")));
  });
});

test("a dataset's file is found under its own addresses", async () => {
  const hub = await hubServer("acme/data", { main: { "a/train.parquet": CONFIG } });
  const cacheDirectory = newCache();
  const path = await hubFile({ type: "dataset", name: "acme/data" }, "a/train.parquet", { ...hub, cacheDirectory });
  assert.ok(path.startsWith(join(cacheDirectory, "datasets--acme--data", "snapshots", commitOf("main"), "a")));
  assert.equal(readFileSync(path), CONFIG);
  await hub.close();
});

test.run();
