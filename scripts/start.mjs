// npm start: installs what is missing, then opens JupyterLab on the quick start. Plain Node, safe to repeat.
//   npm start -- --no-browser --port 8899      options are passed on to JupyterLab
//   npm start -- --set-up-only                 only installs
import { spawn } from "node:child_process";
import net from "node:net";
import { Problem, main, say } from "./report.mjs";
import { ensureCells } from "./set-up-cells.mjs";
import { ensurePackages } from "./set-up-node.mjs";
import { ensurePythonEnvironment } from "./set-up-python.mjs";
import { jupyterCommand } from "./jupyter.mjs";

const portOf = (args) => {
  const at = args.findIndex((arg) => arg === "--port" || arg.startsWith("--port="));
  if (at < 0) return undefined;
  return Number(args[at] === "--port" ? args[at + 1] : args[at].slice("--port=".length));
};

const portIsFree = (port) =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });

async function checkPort(args) {
  const port = portOf(args);
  if (port === undefined) return; // JupyterLab takes the next free port from 8888 by itself
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Problem("--port: expected a number from 0 to 65535.");
  if (port !== 0 && !(await portIsFree(port)))
    throw new Problem(`Port ${port} is taken: choose another one, for example npm start -- --port ${port + 1}`);
}

main(async (args) => {
  const options = args.filter((arg) => arg !== "--set-up-only");
  await checkPort(options);
  await ensurePackages();
  await ensurePythonEnvironment();
  ensureCells();
  if (options.length < args.length) {
    say("set up: npm start opens JupyterLab.");
    return 0;
  }
  say("starting JupyterLab (stop it with Ctrl-C twice) ...");
  const { command, args: jupyterArgs, env, cwd } = jupyterCommand(options);
  const server = spawn(command, jupyterArgs, { cwd, env, stdio: "inherit" });
  // Ctrl-C reaches the server by itself: it asks before it stops.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => server.kill("SIGTERM"));
  return new Promise((resolve) => server.on("exit", (status) => resolve(status ?? 1)));
});
