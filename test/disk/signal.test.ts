import { spawn } from "node:child_process";
import { once } from "node:events";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { signalIfThere } from "../../src/disk/signal";
import { throwsWith } from "../support/throws";

const test = suite("disk/signal");

test("a signal reaches a process and a group; what has ended gets none, and nothing throws", async () => {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "ignore" });
  const ended = once(child, "exit");
  assert.ok(signalIfThere(child.pid!, 0));
  assert.ok(signalIfThere(-child.pid!, "SIGTERM"));
  assert.equal(await ended, [null, "SIGTERM"]);
  assert.not(signalIfThere(child.pid!, "SIGTERM"));
  assert.not(signalIfThere(-child.pid!, "SIGKILL"));
});

test("a signal that does not exist is told", () => {
  throwsWith(() => signalIfThere(process.pid, "SIGNONE" as NodeJS.Signals), "Unknown signal: SIGNONE");
});

test.run();
