import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fail } from "../../check/check";
import { nearestHint } from "../../check/nearest";
import type { Variables } from "../child-environment";
import { CPU_KERNELS } from "./kernels";
import type { Kernels } from "./kernels";
import { vulkanDrivers } from "./vulkan";

/** A device that a process is started for. */
export interface Device {
  /** What computes, in a few words. */
  readonly name: string;
  /** Why another would be better; null: it is what was asked for. */
  readonly caution: string | null;
  readonly variables: Variables;
}

/** What there is to try, the best first, and what was looked for in vain. */
export interface Devices {
  readonly devices: readonly Device[];
  readonly missing: readonly string[];
}

interface ProviderRow {
  readonly title: string;
  readonly kernels: Kernels;
  /** What computes outside of this process, and what it needs; null: a thread of this process does. */
  readonly devices: ((folder: string) => Devices) | null;
  /** What to do where no device opens. */
  readonly help: string;
}

export type Provider = "cpu" | "webgpu" | "cuda";

/** What ONNX Runtime can compute with. */
export const providers: Readonly<Record<Provider, ProviderRow>> = {
  cpu: { title: "the CPU", kernels: CPU_KERNELS, devices: null, help: "" },
  webgpu: {
    title: "WebGPU",
    // Source: microsoft/onnxruntime, contrib_ops/webgpu: no FusedMatMul; MultiHeadAttention without key_padding_mask. A Split takes a buffer for
    // each part, and for what it splits: of 8, which every WebGPU device has (W3C WebGPU, maxStorageBuffersPerShaderStage).
    kernels: { turnedProducts: "standard", endsOfTexts: "bias", causalAttention: true, mostParts: 7 },
    devices: webgpuDevices,
    help:
      "a GPU needs its Vulkan driver and Debian's libvulkan1 (AMD, Intel: mesa-vulkan-drivers; NVIDIA: nvidia-driver); " +
      "without a GPU chromium brings one in software: apt-get install chromium",
  },
  cuda: {
    title: "CUDA",
    // Source: microsoft/onnxruntime, docs/OperatorKernels.md: GroupQueryAttention of 16 bits alone. None of it was run here.
    kernels: { turnedProducts: "fused", endsOfTexts: "bias", causalAttention: false, mostParts: Infinity },
    devices: cudaDevices,
    help: "npm run gpu:install brings the provider's library (Linux, x64); the machine needs an NVIDIA card and its driver",
  },
};

/** Reads the name of a provider. @throws when there is none of that name, with those that there are */
export function providerOf(name: unknown): Provider {
  if (typeof name === "string" && Object.hasOwn(providers, name)) return name as Provider;
  const names = Object.keys(providers);
  return fail("provider", `one of ${names.join(", ")}${nearestHint(String(name), names)}`, name);
}

function webgpuDevices(folder: string): Devices {
  // Elsewhere the system has one of its own: Metal, Direct3D.
  if (process.platform !== "linux")
    return { devices: [{ name: "the system's device", caution: null, variables: {} }], missing: [] };
  const { drivers, missing } = vulkanDrivers(join(folder, "vulkan"));
  return {
    devices: drivers.map(({ name, software, variables }) => ({
      name,
      caution: software ? "right, and many times slower than the CPU" : null,
      variables,
    })),
    missing,
  };
}

/** Where `npm run gpu:install` puts NVIDIA's libraries, where the system has none. */
export const CUDA_LIBRARIES = ".cache/cuda/libraries";

function cudaDevices(): Devices {
  const binding = join(
    dirname(createRequire(resolve("package.json")).resolve("onnxruntime-node/package.json")),
    "bin/napi-v6",
  );
  const library = join(binding, process.platform, process.arch, "libonnxruntime_providers_cuda.so");
  if (!existsSync(library)) return { devices: [], missing: ["its library is not installed"] };
  const own = resolve(CUDA_LIBRARIES);
  return {
    devices: [{ name: "an NVIDIA card", caution: null, variables: existsSync(own) ? { LD_LIBRARY_PATH: own } : {} }],
    missing: [],
  };
}
