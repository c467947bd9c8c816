// Saves without end in a process of its own, to be killed: `node --import tsx test/support/killed-saves.ts FOLDER`.
import { writeFolder } from "../../src/disk/whole-folder";
import { writeFiles } from "../../src/disk/whole-set";

const folder = process.argv[2]!;
for (let count = 0; ; count++) {
  const text = String(count).repeat(1000);
  writeFolder(`${folder}/mine`, { "a.txt": `a ${text}`, "b.txt": `b ${text}` }, { last: "b.txt" });
  writeFiles([[`${folder}/x.a`, text], [`${folder}/x.b`, text]]); // prettier-ignore
  if (count === 0) process.stdout.write("saved\n");
}
