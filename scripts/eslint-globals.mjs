// The names that plain JavaScript files of this project may use without an import: Node's, CommonJS's and the browser's.
const names = [
  ..."process console Buffer URL setTimeout clearTimeout setInterval clearInterval setImmediate globalThis performance".split(
    " ",
  ),
  ..."AbortController AbortSignal require module exports __dirname __filename structuredClone TextDecoder TextEncoder".split(
    " ",
  ),
  ..."SharedArrayBuffer Atomics WebAssembly queueMicrotask fetch".split(" "),
  ..."window document requestAnimationFrame ResizeObserver".split(" "),
];
export default Object.fromEntries(names.map((name) => [name, "readonly"]));
