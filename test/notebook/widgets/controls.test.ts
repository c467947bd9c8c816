import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startKernel, type KernelClient, type Message } from "../../../src/notebook/kernel-client";
import {
  button,
  checkbox,
  dropdown,
  floatSlider,
  integerSlider,
  label,
  logSlider,
  progressBar,
  textInput,
} from "../../../src/notebook/widgets/controls";
import { show, vbox } from "../../../src/notebook/widgets/view";
import { throwsWith } from "../../support/throws";

const test = suite("notebook/widgets/controls");
let kernel: KernelClient;
test.before(async () => {
  kernel = await startKernel();
});
test.after(async () => kernel.close());

type Content = Readonly<Record<string, unknown>>;
const run = async (code: string, metadata: object = {}): Promise<readonly Message[]> => {
  const seen: Message[] = [];
  void metadata;
  await kernel.execute(code, (message) => seen.push(message));
  return seen;
};
const stateOf = ({ content }: Message): Content => (content["data"] as { readonly state: Content }).state;
const opened = (messages: readonly Message[], model: string): Message =>
  messages.find((m) => m.header.msg_type === "comm_open" && stateOf(m)["_model_name"] === model)!;
const text = (messages: readonly Message[]): string =>
  messages.flatMap(({ header, content }) => (header.msg_type === "stream" ? [String(content["text"])] : [])).join("");
const load =
  'const { button, floatSlider, label } = await import("./src/notebook/widgets/controls");\n' +
  'const { show, vbox } = await import("./src/notebook/widgets/view");\n';

test("outside a kernel a control holds its default and follows the program", async () => {
  const rate = floatSlider("rate", { value: 0.3, min: 0, max: 1 });
  assert.is(rate.value, 0.3);
  const seen: number[] = [];
  const off = rate.subscribe((value) => seen.push(value));
  const next = rate.next();
  rate.set(0.5);
  assert.is(await next, 0.5);
  rate.set(0.5);
  off();
  rate.set(0.7);
  assert.equal([rate.value, ...seen], [0.7, 0.5], "the same value is no news, and after off nothing is heard");
  const stop = button("Stop");
  stop.press();
  assert.is(stop.value, 1);
  assert.is(checkbox("bias", true).value, true);
  assert.is(textInput("name", "mine").value, "mine");
  assert.is(dropdown("form", ["current", "june"], "june").value, "june");
  assert.is(vbox([rate, label("a < b"), progressBar("run")]).describe(), "rate: 0.7\na < b\nrun: 0 %");
  show(rate); // nothing to show it in, and no error
});

test("a value that a control cannot have is refused in words", () => {
  throwsWith(() => floatSlider("rate", { value: 2, min: 0, max: 1 }), "rate: expected a number from 0 to 1, got 2");
  throwsWith(() => integerSlider("cap", { value: 1.5, min: 1, max: 8 }), "cap: expected a whole number from 1 to 8");
  throwsWith(() => floatSlider("rate", { value: 0, min: 1, max: 0 }), "rate: max: expected more than min 1, got 0");
  throwsWith(() => logSlider("scale", { value: 1, min: 0, max: 1 }), "scale: min: expected a positive number");
  throwsWith(() => dropdown("form", ["a", "b"], "c" as "a"), "form: expected one of a, b");
});

test("a shown slider is a comm of the widget protocol, and the page's changes reach its value with an echo", async () => {
  const shownNow = await run(
    `${load}const rate = floatSlider("rate", { value: 0.3, min: 0, max: 1 });\nrate.subscribe((v) => console.log("heard", v));\nshow(vbox([rate, label("<b>")]))`,
  );
  const slider = opened(shownNow, "FloatSliderModel");
  const { value, min, max, _view_name, _view_module } = stateOf(slider);
  assert.equal([value, min, max, _view_name, _view_module], [0.3, 0, 1, "NumberSliderView", "adazeta"]);
  assert.equal(slider.metadata, { version: "2.1.0" });
  assert.is(stateOf(opened(shownNow, "HTMLModel"))["value"], "&lt;b&gt;", "text is shown as it is");
  const box = opened(shownNow, "VBoxModel");
  const children = stateOf(box)["children"] as readonly string[];
  assert.is(children[0], `IPY_MODEL_${String(slider.content["comm_id"])}`);
  const display = shownNow.find(({ header }) => header.msg_type === "display_data")!;
  assert.equal((display.content["data"] as Content)["application/vnd.jupyter.widget-view+json"], {
    version_major: 2,
    version_minor: 0,
    model_id: box.content["comm_id"],
  });

  const answers: Message[] = [];
  const update = { method: "update", state: { value: 0.31 }, buffer_paths: [] };
  await kernel.send(
    "comm_msg",
    { comm_id: slider.content["comm_id"], data: update },
    { onOutput: (m) => answers.push(m) },
  );
  const echo = answers.find(({ header }) => header.msg_type === "comm_msg");
  assert.equal(echo?.content["data"], { method: "echo_update", state: { value: 0.31 }, buffer_paths: [] });
  assert.match(text(await run("console.log(rate.value)")), /^0\.31/);
});

test("what the page may not say changes nothing", async () => {
  const shownNow = await run(`${load}const kept = floatSlider("kept", { value: 0.3, min: 0, max: 1 }); show(kept)`);
  const id = opened(shownNow, "FloatSliderModel").content["comm_id"];
  for (const value of [7, "x", null, { a: 1 }])
    await kernel.send("comm_msg", { comm_id: id, data: { method: "update", state: { value }, buffer_paths: [] } });
  await kernel.send("comm_msg", { comm_id: id, data: { method: "nonsense" } });
  assert.match(text(await run("console.log(kept.value)")), /^0\.3/);
});

test("a button's press is heard while a cell runs", async () => {
  const cell = run(`${load}const stop = button("Stop"); show(stop);\nawait stop.next();\nconsole.log("stopped");`);
  let over = false;
  void cell.then(() => (over = true));
  for (let tries = 0; !over && tries < 200; tries++) {
    const { content } = await kernel.request("comm_info_request", { target_name: "jupyter.widget" });
    const click = { method: "custom", content: { event: "click" } };
    for (const comm_id of Object.keys(content["comms"] as object))
      await kernel.send("comm_msg", { comm_id, data: click });
  }
  assert.match(text(await cell), /stopped/);
});

test("a page that is loaded again is told every widget's state", async () => {
  await run(`${load}const again = floatSlider("again", { value: 0.2, min: 0, max: 1 }); show(again); again.set(0.6);`);
  const answers: Message[] = [];
  const off = kernel.onPublished((message) => void (message.header.msg_type === "comm_msg" && answers.push(message)));
  await kernel.send("comm_open", { comm_id: "control", target_name: "jupyter.widget.control", data: {} });
  await kernel.send("comm_msg", { comm_id: "control", data: { method: "request_states" } });
  off();
  const { method, states } = answers.at(-1)!.content["data"] as {
    method: string;
    states: Record<string, { model_name: string; state: Content }>;
  };
  assert.is(method, "update_states");
  const slider = Object.values(states).find(({ state }) => state["description"] === "again");
  assert.equal([slider?.model_name, slider?.state["value"]], ["FloatSliderModel", 0.6]);
});

test.run();
