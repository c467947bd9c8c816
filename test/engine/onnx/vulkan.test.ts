import { lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { vulkanDrivers } from "../../../src/engine/onnx/vulkan";
import type { VulkanPlaces } from "../../../src/engine/onnx/vulkan";
import { scratch } from "../../support/scratch";

const test = suite("engine/onnx/vulkan");
const place = scratch();
test.after(() => place.remove());

/** A machine with these files. */
function machine(name: string, files: readonly string[]): VulkanPlaces & { readonly folder: string } {
  const at = (...parts: readonly string[]) => path.join(place.file(name), ...parts);
  for (const file of files) {
    mkdirSync(path.dirname(at(file)), { recursive: true });
    writeFileSync(at(file), "");
  }
  return {
    manifests: [at("etc"), at("share")],
    libraries: [at("lib")],
    browsers: [at("chromium"), at("chrome")],
    chosen: undefined,
    folder: at("cache"),
  };
}
const chromium = ["chromium/libvulkan.so.1", "chromium/libvk_swiftshader.so", "chromium/libEGL.so"];

test("without a driver of the system SwiftShader is found, its manifest has its whole path, its loader is alone in a folder", () => {
  const here = machine("browser", chromium);
  const { drivers, missing } = vulkanDrivers(here.folder, here);
  assert.equal([drivers.length, drivers[0]?.software, missing.length], [1, true, 1]);
  const { VK_ICD_FILENAMES: manifest, VK_DRIVER_FILES, LD_LIBRARY_PATH: folder } = drivers[0]!.variables;
  assert.is(VK_DRIVER_FILES, manifest);
  const { ICD } = JSON.parse(readFileSync(manifest!, "utf8")) as { ICD: { library_path: string } };
  assert.is(ICD.library_path, path.join(here.browsers[0]!, "libvk_swiftshader.so"));
  assert.equal(readdirSync(folder!), ["libvulkan.so.1"]);
  assert.is(readlinkSync(path.join(folder!, "libvulkan.so.1")), path.join(here.browsers[0]!, "libvulkan.so.1"));
  // A second time nothing is made again.
  const before = lstatSync(manifest!).mtimeMs;
  assert.equal(vulkanDrivers(here.folder, here).drivers, drivers);
  assert.is(lstatSync(manifest!).mtimeMs, before);
});

test("the system's drivers come first, with its own loader; SwiftShader is the last to try", () => {
  const here = machine("gpu", ["share/b.json", "etc/a.json", "share/notes.txt", "lib/libvulkan.so.1", ...chromium]);
  const [system, software] = vulkanDrivers(here.folder, here).drivers;
  const files = `${path.join(here.manifests[0]!, "a.json")}:${path.join(here.manifests[1]!, "b.json")}`;
  assert.equal(system, {
    name: "the Vulkan driver a.json, b.json",
    software: false,
    variables: { VK_DRIVER_FILES: files, VK_ICD_FILENAMES: files },
  });
  assert.ok(software?.software);
});

test("a driver without a loader has the browser's", () => {
  const here = machine("no-loader", ["etc/a.json", ...chromium]);
  const [system] = vulkanDrivers(here.folder, here).drivers;
  assert.equal(readdirSync(system!.variables["LD_LIBRARY_PATH"]!), ["libvulkan.so.1"]);
});

test("what the user has chosen is tried in place of the system's", () => {
  const here = machine("chosen", ["etc/a.json", "lib/libvulkan.so.1"]);
  const { drivers } = vulkanDrivers(here.folder, { ...here, chosen: "/opt/x/nvidia_icd.json" });
  assert.equal(
    drivers.map(({ name }) => name),
    ["the Vulkan driver nvidia_icd.json"],
  );
});

test("a machine without any says what was looked for, and where", () => {
  const here = machine("bare", []);
  const { drivers, missing } = vulkanDrivers(here.folder, here);
  assert.is(drivers.length, 0);
  assert.match(missing.join("; "), /no libvulkan\.so\.1 in .*; no driver in .*; no SwiftShader in /);
  const noLoader = machine("driver-alone", ["etc/a.json"]);
  assert.is(vulkanDrivers(noLoader.folder, noLoader).drivers.length, 0);
});

test.run();
