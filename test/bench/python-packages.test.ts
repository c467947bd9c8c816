import { spawnSync } from "node:child_process";
import { suite } from "uvu";
import { skipUnless } from "../support/skip";
import { throwsWith } from "../support/throws";
import { requirePackages } from "./python-packages";

const test = suite("bench/python-packages");
const there = spawnSync("python3", ["--version"]).status === 0;

skipUnless(there, "no python3")(
  test,
  "packages that are missing are named, with the command that installs them",
  () => {
    requirePackages("python3", ["json", "sys"]);
    throwsWith(
      () => requirePackages("python3", ["json", "no_such_package==1.2", "nor_this"]),
      "the packages no_such_package, nor_this are missing: python3 -m pip install no_such_package==1.2 nor_this",
    );
  },
);

test("a path that is no Python is an error that says so", () => {
  throwsWith(
    () => requirePackages("./no-such-python", ["json"]),
    "--python ./no-such-python: expected a Python interpreter",
  );
});

test.run();
