// Runs a written classifier in the page: asks the local server for a text's tokens, and ONNX Runtime here for its classes.
import * as ort from "./ort/ort.wasm.min.mjs";

ort.env.wasm.wasmPaths = new URL("ort/", document.baseURI).href;
ort.env.wasm.numThreads = 1;

const WAIT = 150;
const at = (id) => document.getElementById(id);

/** All words of a classifier or a text go through here: nothing is ever read as HTML. */
function element(tag, properties = {}, children = []) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function tell(error) {
  at("error").textContent = error === null ? "" : String(error instanceof Error ? error.message : error);
  at("error").hidden = error === null;
}

async function answerOf(path, options) {
  const response = await fetch(path, options).catch(() => {
    throw new Error("the program that serves this page has ended: start `npm run demo` again");
  });
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({ error: response.statusText }));
  throw new Error(error);
}

/** A file, with its progress shown. */
async function loaded(path, bytes, before, total) {
  const whole = new Uint8Array(bytes);
  const reader = (await answerOf(path)).body.getReader();
  let done = 0;
  for (;;) {
    const { value, done: ended } = await reader.read();
    if (ended) break;
    whole.set(value, done);
    done += value.length;
    at("loading").value = (before + done) / total;
  }
  return whole;
}

async function opened({ files }) {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  at("status").textContent = `Loading the model (${(total / 2 ** 20).toFixed(0)} MB) ...`;
  let before = 0;
  const content = [];
  for (const { name, bytes } of files) {
    content.push({ path: name, data: await loaded(`model/${name}`, bytes, before, total) });
    before += bytes;
  }
  const [graph, ...externalData] = content;
  return ort.InferenceSession.create(graph.data, { executionProviders: ["wasm"], externalData });
}

const int64 = (values, dims) => new ort.Tensor("int64", BigInt64Array.from(values, BigInt), dims);

/** The probabilities of one text, and what is to be said of it. */
async function classified(session, fields) {
  const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(fields) };
  const { ids, mask, cut } = await (await answerOf("tokens", options)).json();
  const started = performance.now();
  const feeds = {
    input_ids: int64(ids, [1, ids.length]),
    attention_mask: int64(new Array(ids.length).fill(1), [1, ids.length]),
    ...(mask === null ? {} : { mask_position: int64([mask], [1]) }),
  };
  const { probabilities } = await session.run(feeds);
  const milliseconds = performance.now() - started;
  const said = `${ids.length} tokens, ${milliseconds.toFixed(0)} ms in this page`;
  return { shares: [...probabilities.data], said: cut ? `${said}; the text was too long and was shortened` : said };
}

function drawBars(labels) {
  const rows = labels.map((label) =>
    element("li", {}, [
      element("span", { className: "name", textContent: label }),
      element("div", { className: "track" }, [element("div", { className: "fill" })]),
      element("span", { className: "share", textContent: "" }),
    ]),
  );
  at("bars").replaceChildren(...rows);
  return (shares) => {
    const largest = Math.max(...(shares ?? []));
    rows.forEach((row, c) => {
      const share = shares?.[c];
      row.className = share !== undefined && share === largest ? "first" : "";
      row.dataset.probability = share === undefined ? "" : String(share);
      row.querySelector(".fill").style.width = `${100 * (share ?? 0)}%`;
      row.querySelector(".share").textContent = share === undefined ? "" : `${(100 * share).toFixed(1)} %`;
    });
  };
}

async function main() {
  const about = await (await answerOf("about")).json();
  document.title = about.title;
  at("title").textContent = about.title;
  at("note").textContent = `${about.note}; base ${about.base}`;
  const inputs = about.fields.map((name, i) => {
    const input = element("textarea", { name, placeholder: "Type a text", autofocus: i === 0, spellcheck: false });
    at("fields").append(element("label", { textContent: name }, [input]));
    return input;
  });
  const show = drawBars(about.labels);
  const session = await opened(about);
  at("loading").remove();
  at("status").textContent = "Type a text.";

  let version = 0;
  let shown = 0;
  let latest = Promise.resolve();
  const classify = async (mine) => {
    if (mine !== version) return;
    const fields = Object.fromEntries(inputs.map(({ name, value }) => [name, value]));
    const missing = inputs.some(({ name, value }) => value.trim() === "" && !about.mayBeEmpty.includes(name));
    try {
      const found = missing ? { shares: null, said: "Type a text." } : await classified(session, fields);
      if (mine !== version) return;
      tell(null);
      show(found.shares);
      at("status").textContent = found.said;
    } catch (error) {
      if (mine !== version) return;
      show(null);
      at("status").textContent = "";
      tell(error);
    }
    shown = mine;
    at("bars").className = "";
    document.body.dataset.shown = String(shown);
  };
  const changed = () => {
    const mine = ++version;
    at("bars").className = "old";
    // One text after another: a session runs one at a time, and only the newest text is worth it.
    setTimeout(() => (latest = latest.then(() => classify(mine))), WAIT);
  };
  for (const input of inputs) input.addEventListener("input", changed);
  document.body.dataset.ready = "true";
  // What was typed while the model was loaded, or is still there after the page was loaded again.
  if (inputs.some(({ value }) => value !== "")) changed();
}

main().catch((error) => {
  at("loading")?.remove();
  at("status").textContent = "";
  tell(error);
});
