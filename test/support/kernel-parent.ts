// Starts a kernel, runs the cell that it is given, prints the kernel's process and what the cell prints, and stays until it is killed.
import { startKernel } from "../../src/notebook/kernel-client";

const kernel = await startKernel();
console.log(`kernel ${kernel.process.pid}`);
const shown = kernel.execute(process.argv[2] ?? "", ({ header, content }) => {
  if (header.msg_type === "stream") console.log(content["text"]);
});
shown.catch(() => undefined);
setInterval(() => undefined, 1000);
