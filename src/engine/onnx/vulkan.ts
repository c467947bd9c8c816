import { existsSync, lstatSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { makeFolder } from "../../disk/make-folder";
import { writeWhole } from "../../disk/whole-file";
import { ownVariable } from "../child-environment";
import type { Variables } from "../child-environment";

/** A way to give a process Vulkan: what its environment must say from the beginning. */
export interface VulkanDriver {
  /** What computes, in a few words. */
  readonly name: string;
  /** Whether it is a processor that computes. */
  readonly software: boolean;
  readonly variables: Variables;
}

/** What a machine has of Vulkan. */
export interface VulkanFound {
  /** The one to prefer first. */
  readonly drivers: readonly VulkanDriver[];
  /** What was looked for in vain, in words. */
  readonly missing: readonly string[];
}

/** Where drivers are looked for; the defaults are this machine's. */
export interface VulkanPlaces {
  /** Folders of manifests, one for each driver. */
  readonly manifests: readonly string[];
  /** Folders that the system finds libraries in. */
  readonly libraries: readonly string[];
  /** Folders of browsers that bring SwiftShader and a loader. */
  readonly browsers: readonly string[];
  /** Manifests that the user has chosen, separated by colons; undefined: none. */
  readonly chosen: string | undefined;
}

const LOADER = "libvulkan.so.1";
const SWIFT_SHADER = "libvk_swiftshader.so";

/** Gives the places that a loader of this system looks in. Source: Vulkan-Loader, LoaderDriverInterface.md. */
export function vulkanPlaces(): VulkanPlaces {
  const data = ["/usr/local/etc", "/etc", "/usr/local/share", "/usr/share", join(homedir(), ".local/share")];
  const machine = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  return {
    manifests: data.map((folder) => join(folder, "vulkan/icd.d")),
    libraries: [`/usr/lib/${machine}`, `/lib/${machine}`, "/usr/lib64", "/lib64", "/usr/lib", "/usr/local/lib"],
    browsers: ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/usr/lib64/chromium-browser", "/opt/google/chrome"],
    chosen: ownVariable("VK_DRIVER_FILES") ?? ownVariable("VK_ICD_FILENAMES"),
  };
}

/**
 * Finds the Vulkan drivers of a Linux machine: those that VK_DRIVER_FILES names, or those of the system; then SwiftShader, which a browser brings
 * and which computes on the processor. Where only a browser has a loader, that one is used, in a folder of its own: beside
 * it lie libraries that must not be found.
 * @param folder where that folder and the manifest of SwiftShader are written
 */
export function vulkanDrivers(folder: string, places: VulkanPlaces = vulkanPlaces()): VulkanFound {
  const { manifests, libraries, browsers, chosen } = places;
  const missing: string[] = [];
  const browser = browsers.find((at) => existsSync(join(at, LOADER)));
  const systems = libraries.some((at) => existsSync(join(at, LOADER)));
  const ofBrowser = (): Variables =>
    browser === undefined ? {} : { LD_LIBRARY_PATH: folderOfLoader(folder, join(browser, LOADER)) };
  const loader = systems ? {} : ofBrowser();
  const hasLoader = systems || browser !== undefined;
  if (!hasLoader) missing.push(`no ${LOADER} in ${libraries.join(", ")}`);
  const named = (files: string): Variables => ({ VK_DRIVER_FILES: files, VK_ICD_FILENAMES: files });

  const found = manifests.filter(existsSync).flatMap((at) =>
    readdirSync(at)
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => join(at, name)),
  );
  if (chosen === undefined && found.length === 0) missing.push(`no driver in ${manifests.join(", ")}`);
  const own = chosen ?? (found.length === 0 ? undefined : found.join(":"));
  const ofSystem: readonly VulkanDriver[] =
    own === undefined
      ? []
      : [{ name: `the Vulkan driver ${namesOf(own)}`, software: false, variables: { ...loader, ...named(own) } }];

  const bringer = browsers.find((at) => existsSync(join(at, SWIFT_SHADER)) && existsSync(join(at, LOADER)));
  if (bringer === undefined) missing.push(`no SwiftShader in ${browsers.join(", ")}`);
  const inSoftware = (): VulkanDriver => {
    const manifest = join(resolve(folder), `swiftshader-${shortHash(bringer!)}.json`);
    const content = {
      file_format_version: "1.0.0",
      ICD: { library_path: join(bringer!, SWIFT_SHADER), api_version: "1.0.5" },
    };
    if (!existsSync(manifest)) writeWhole(manifest, `${JSON.stringify(content)}\n`);
    const variables = { LD_LIBRARY_PATH: folderOfLoader(folder, join(bringer!, LOADER)), ...named(manifest) };
    return { name: "SwiftShader, Vulkan in software", software: true, variables };
  };
  return {
    drivers: hasLoader ? [...ofSystem, ...(bringer === undefined ? [] : [inSoftware()])] : [],
    missing,
  };
}

/** A folder with a link to the loader and nothing else. */
function folderOfLoader(folder: string, loader: string): string {
  const own = join(resolve(folder), `loader-${shortHash(loader)}`);
  const link = join(own, LOADER);
  makeFolder(own);
  if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) return own;
  // Beside first: another process may make it now.
  const beside = join(resolve(folder), `${LOADER}.${process.pid}.${shortHash(own)}`);
  rmSync(beside, { force: true });
  symlinkSync(loader, beside);
  renameSync(beside, link);
  return own;
}

function namesOf(files: string): string {
  return files
    .split(":")
    .map((file) => file.split("/").at(-1))
    .join(", ");
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
