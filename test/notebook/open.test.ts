import { existsSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { downloadText } from "../../src/notebook/download-progress";
import { openModel, openProblem, openTask } from "../../src/notebook/open";
import type { HubEvent } from "../../src/weights/hub";
import { hubServer } from "../support/hub-server";
import { scratch } from "../support/scratch";
import { rejectsWith, throwsWith } from "../support/throws";
import { tinyLoaded, tinyOptions, tinyTexts } from "../support/tiny-problem";

const test = suite("notebook/open");
const place = scratch();
test.after(() => place.remove());

/** The environment of a call, put back afterwards. */
async function within<T>(variables: Readonly<Record<string, string>>, run: () => Promise<T>): Promise<T> {
  const before = Object.fromEntries(Object.keys(variables).map((name) => [name, process.env[name]]));
  Object.assign(process.env, variables);
  try {
    return await run();
  } finally {
    for (const [name, value] of Object.entries(before))
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
  }
}

test("a model that is nowhere here is fetched from the hub once, then opened from its cache", async () => {
  const files = {
    "config.json": "test/fixtures/models/llama-tied/config.json",
    "model.safetensors": "test/fixtures/models/llama-tied/model.safetensors",
    "tokenizer.json": "test/fixtures/text/gpt-2.json",
    "pytorch_model.bin": new Uint8Array(8),
  };
  const hub = await hubServer("acme/tiny", { main: files }, { type: "models" });
  const cache = place.file("hub");
  const told: HubEvent[] = [];
  const on = (event: HubEvent): void => void told.push(event);
  try {
    await within({ HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache }, async () => {
      const { name, model, tokenizer } = await openModel("acme/tiny", { on });
      assert.equal([name, model.family], ["acme/tiny", "llama"]);
      assert.is(tokenizer.decode(tokenizer.encode("hello")), "hello");
      assert.ok(told.some(({ kind }) => kind === "progress"));
      assert.ok(!hub.requests.some((path) => path.endsWith("pytorch_model.bin")));
      const asked = hub.requests.length;
      await within({ HF_HUB_OFFLINE: "1" }, () => openModel("acme/tiny", { on }));
      assert.is(hub.requests.length, asked);
      await rejectsWith(openModel("acme/other", { on }), "acme/other");
    });
  } finally {
    await hub.close();
  }
  assert.ok(existsSync(cache));
});

test("tasks come through the same hub and cache as models: HF_ENDPOINT, HF_HUB_CACHE, HF_HUB_OFFLINE, HF_TOKEN", async () => {
  const fixture = (name: string) => `test/fixtures/task/${name}.parquet`;
  const main = {
    "default/train-00000-of-00001.parquet": fixture("trec-train"),
    "default/test-00000-of-00001.parquet": fixture("trec-test"),
  };
  const hub = await hubServer("CogComp/trec", { main });
  const variables = { ADAZETA_DATA_DIR: "", HF_ENDPOINT: hub.endpoint, HF_TOKEN: "hf_secret" };
  const samples = { samplesDirectory: "data/samples" };
  try {
    await within({ ...variables, HF_HUB_CACHE: place.file("tasks") }, async () => {
      await within({ HF_HUB_OFFLINE: "1" }, async () => {
        const { origin, notices } = await openTask("trec", samples);
        assert.is(origin.kind, "samples");
        assert.match(notices.join(), "hub offline: CogComp/trec not read (");
        assert.equal(hub.requests, [], "offline asks nothing");
      });
      const online = await openTask("trec");
      assert.is(online.origin.kind, "hub");
      assert.ok(hub.asked.every(({ headers }) => headers.authorization === "Bearer hf_secret"));
      const asked = hub.requests.length;
      const offline = await within({ HF_HUB_OFFLINE: "1" }, () => openTask("trec"));
      assert.equal([offline.origin, hub.requests.length], [online.origin, asked]);
      assert.is((await openTask("trec", { hub: "off" })).origin.kind, "samples");
      const mirror = await hubServer("CogComp/trec", { main });
      await openTask("trec", { hub: `${mirror.endpoint}/` });
      assert.ok(mirror.asked.length > 0 && mirror.asked.every(({ headers }) => headers.authorization === undefined));
      await mirror.close();
    });
  } finally {
    await hub.close();
  }
});

test("an unknown name is answered with the nearest, before anything is asked of the hub", async () => {
  await rejectsWith(openModel("roberta-larg"), "nearest: roberta-large");
});

test("outside of a kernel a download goes on and tells a line on standard error", async () => {
  const files = {
    "config.json": "test/fixtures/models/llama-tied/config.json",
    "model.safetensors": "test/fixtures/models/llama-tied/model.safetensors",
    "tokenizer.json": "test/fixtures/text/gpt-2.json",
  };
  const hub = await hubServer("acme/tiny", { main: files }, { type: "models" });
  const { error } = console;
  const lines: string[] = [];
  console.error = (line: string) => void lines.push(line);
  try {
    const variables = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: place.file("plain") };
    assert.is((await within(variables, () => openModel("acme/tiny"))).name, "acme/tiny");
  } finally {
    console.error = error;
    await hub.close();
  }
  assert.match(lines.at(-1)!, /^acme\/tiny: \S+ · /);
});

test("a download is told in one line", () => {
  const event = {
    kind: "progress",
    path: "model.safetensors",
    bytes: 12e7,
    total: 14e8,
    bytesPerSecond: 12e6,
  } as const;
  assert.is(
    downloadText("roberta-large", event),
    "roberta-large: model.safetensors · 120 MB of 1.4 GB · 12 MB/s · 1:47 left",
  );
});

test("classes said in captions need no scale, and a task without its texts is told to be opened", async () => {
  const [bert, texts] = [tinyLoaded("bert"), await tinyTexts("bert")];
  const captions = Array.from({ length: 6 }, (_, i) => [`about ${i}`]);
  const { kind, options } = await openProblem(bert, texts, { ...tinyOptions, readout: "captions", captions });
  assert.equal([kind, "prototypeScale" in options], ["classes", false]);
  assert.is((await openProblem(bert, texts, tinyOptions)).options.prototypeScale, "fitted");
  throwsWith(() => openProblem(bert, texts.task as never, tinyOptions), "task: expected a task with its texts: await openTask(...)"); // prettier-ignore
});

test.run();
