import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pushToHub } from "../../src/notebook/push-to-hub";
import type { PushOptions } from "../../src/notebook/push-to-hub";
import { hubServer } from "../support/hub-server";
import type { HubServerOptions } from "../support/hub-server";
import { scratch } from "../support/scratch";
import { rejectsWith } from "../support/throws";

const test = suite("notebook/push-to-hub");
const place = scratch();
test.after(() => place.remove());

const REPO = "acme/mine";
const SECRET = "hf_not-a-real-token";
/** Larger than what a request sends at once. */
const WEIGHTS = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * i + (i >> 8)) % 251));

const folder = place.file("saved");
mkdirSync(join(folder, "more"), { recursive: true });
const FILES = {
  "README.md": "---\nlicense: mit\n---\n",
  "adapter_config.json": "{}",
  "adapter_model.safetensors": WEIGHTS,
  "more/notes.txt": "ü",
};
for (const [name, content] of Object.entries(FILES)) writeFileSync(join(folder, name), content);
writeFileSync(join(folder, ".env"), "never");

type Hub = Awaited<ReturnType<typeof hubServer>>;

async function withHub(
  server: HubServerOptions,
  use: (
    push: (path: string, options?: PushOptions, repository?: string) => ReturnType<typeof pushToHub>,
    hub: Hub,
  ) => Promise<void>,
  isThere = false,
): Promise<void> {
  const hub = await hubServer(REPO, isThere ? { main: {} } : {}, { type: "models", writer: SECRET, ...server });
  try {
    await use(
      (path, options = {}, repository = REPO) =>
        pushToHub(path, repository, { token: SECRET, endpoint: hub.endpoint, ...options }),
      hub,
    );
  } finally {
    await hub.close();
  }
}

test("a folder arrives whole in one commit, small files and large ones, in a private repository that is made", async () => {
  await withHub({}, async (push, { made, commits }) => {
    const { commit, url, repository, files } = await push(folder, { message: "First" });
    assert.equal([...made], [[REPO, "private"]]);
    assert.is(commits.length, 1);
    const [{ title, files: taken }] = commits as [(typeof commits)[number]];
    assert.is(title, "First");
    assert.equal([...taken.keys()].sort(), Object.keys(FILES).sort());
    for (const [name, content] of Object.entries(FILES)) assert.ok(Buffer.from(content).equals(taken.get(name)!), name);
    assert.is(repository, REPO);
    assert.match(commit, /^[0-9a-f]{40}$/);
    assert.ok(url.endsWith(`/${REPO}`));
    assert.equal([...files].sort(), Object.keys(FILES).sort());
  });
});

test("a repository that is there is written to, not made again; public where it is asked for", async () => {
  await withHub({}, async (push, { made, commits }) => {
    await push(folder);
    await push(folder, { private: false });
    assert.is(made.size, 0);
    assert.equal(commits.map(({ title }) => title), ["Upload saved", "Upload saved"]); // prettier-ignore
  }, true); // prettier-ignore
  await withHub({}, async (push, { made }) => {
    await push(folder, { private: false });
    assert.equal([...made], [[REPO, "public"]]);
  });
});

test("a GGUF file takes what lies beside it along, its card as README.md", async () => {
  const file = place.file("mine.gguf", "GGUF");
  for (const ending of ["verify.json", "README.md", "Modelfile", "log"]) writeFileSync(`${file}.${ending}`, ending);
  await withHub({}, async (push, { commits }) => {
    await push(file);
    assert.equal([...commits[0]!.files.keys()].sort(), [
      "Modelfile",
      "README.md",
      "mine.gguf",
      "mine.gguf.verify.json",
    ]);
  });
});

test("no token, no such folder, an empty one, no name of a repository: errors before anything is asked", async () => {
  await withHub({}, async (push, { requests }) => {
    await rejectsWith(push(folder, { token: "" }), "token: expected one with write access to the hub (an argument, or HF_TOKEN), got none"); // prettier-ignore
    await rejectsWith(push(place.file("nowhere")), "nowhere: expected a folder or a file that was written before, got nothing of that name"); // prettier-ignore
    const empty = place.file("empty");
    mkdirSync(empty);
    await rejectsWith(push(empty), "empty: expected files to upload, got an empty folder");
    await rejectsWith(push(folder, {}, "mine"), 'repository: expected a name like "me/my-model", got "mine"');
    await rejectsWith(push(folder, {}, "a/b/c"), "repository: expected a name like");
    assert.equal(requests, []);
  });
  await rejectsWith(pushToHub(folder, REPO, { token: SECRET, endpoint: "http://hub.example" }), "hub endpoint: expected an https address"); // prettier-ignore
});

test("a hub that refuses is told with what to do, nothing is committed, and no message has the token", async () => {
  const said: string[] = [];
  const failing = async (server: HubServerOptions, options: PushOptions = {}): Promise<string> => {
    let message = "";
    await withHub(server, async (push, { commits }) => {
      await push(folder, options).then(
        () => assert.unreachable("it was taken"),
        (error: unknown) => (message = String(error instanceof Error ? `${error.stack} ${String(error.cause)}` : error)),
      );
      assert.is(commits.length, 0);
    }, true); // prettier-ignore
    said.push(message);
    return message;
  };
  const refusing = (part: string, status: number): HubServerOptions => ({
    fault({ path, response }) {
      if (!path.includes(part)) return false;
      response.writeHead(status, { "content-type": "application/json" }).end(`{"error":"no, ${SECRET}"}`);
      return true;
    },
  });
  const other = "hf_another-token";
  assert.match(await failing({}, { token: other }), "the token was not accepted, or the repository does not exist; make a new token with write access"); // prettier-ignore
  assert.not.match(said[0]!, other);
  assert.match(await failing(refusing("/preupload/", 403)), "access denied; ask for it on");
  assert.match(await failing(refusing("/preupload/", 403)), "give the token write access to this repository; nothing was committed"); // prettier-ignore
  assert.match(await failing(refusing("/lfs/", 400)), "acme/mine: the hub answered 400; nothing was committed");
  assert.match(await failing(refusing("/commit/", 409)), "acme/mine: the hub answered 409");
  assert.match(await failing(refusing("/commit/", 503)), "answered 503");
  for (const message of said) assert.not.match(message, SECRET);
});

test("HF_HUB_OFFLINE is heeded, and HF_TOKEN is for its own hub alone", async () => {
  const before = { ...process.env };
  try {
    process.env["HF_HUB_OFFLINE"] = "1";
    await rejectsWith(pushToHub(folder, REPO, { token: SECRET }), "got HF_HUB_OFFLINE set");
    delete process.env["HF_HUB_OFFLINE"];
    process.env["HF_TOKEN"] = SECRET;
    await withHub({}, async (_push, { endpoint, commits }) => {
      await rejectsWith(pushToHub(folder, REPO, { endpoint }), "token: expected one with write access");
      process.env["HF_ENDPOINT"] = endpoint;
      await pushToHub(folder, REPO);
      assert.is(commits.length, 1);
    });
  } finally {
    for (const name of ["HF_HUB_OFFLINE", "HF_TOKEN", "HF_ENDPOINT"])
      if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = before[name];
  }
});

test.run();
