/**
 * Chooses from the search's records, and freezes the choice.
 *   npm run freeze-choice -- --look
 *   npm run freeze-choice
 * Ends with status 0 when the choice was shown, or written; 1 where runs are missing or there is a choice already; 2 when it was not asked right.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { fail } from "../check/check";
import { writeWhole } from "../disk/whole-file";
import { choiceText, CHOICE_PATH } from "../experiment/frozen-choice";
import { proposeChoice } from "../experiment/propose-choice";
import { chosenTable, decidedTable } from "../table/decided";
import { toText } from "../table/text";
import { commandLine } from "./command-line";
import { paperRecords } from "./paper-records";

const usage = `usage: npm run freeze-choice [-- --look] [--partial]
Chooses from the records of \`npm run experiment -- search\` by a rule that is in the code, prints what it was decided on, and writes ${CHOICE_PATH}.
A choice that is frozen is never overwritten. Commit the file before any held-out run is made (npm run experiment -- held-out).
--look prints and writes nothing; --partial chooses although runs are missing, among the arms that have all of theirs.`;

function main(words: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...words],
    options: { look: { type: "boolean", default: false }, partial: { type: "boolean", default: false } },
  });
  const { look, partial } = values;
  if (!look && existsSync(CHOICE_PATH))
    fail(CHOICE_PATH, "no such file: a frozen choice stays as it is", "one; --look shows what would be chosen now");
  const { planned } = paperRecords("search");
  const records = planned.flatMap(({ record }) => record ?? []);
  if (records.length < planned.length && !partial)
    fail("records", `all ${planned.length} runs of the search (npm run experiment -- search; --partial goes on without)`, records.length); // prettier-ignore
  const { choice, decision } = proposeChoice(records);
  for (const line of decision.rule) console.log(`- ${line}`);
  for (const model of decision.models) {
    const { table, options } = decidedTable(model);
    console.log(`\n${toText(table, options)}`);
  }
  const { table, options } = chosenTable(choice);
  console.log(`\n${toText(table, options)}`);
  if (look) return Promise.resolve(0);
  writeWhole(CHOICE_PATH, choiceText(choice, decision));
  console.log(`\n${CHOICE_PATH} is written: commit it, then npm run experiment -- held-out`);
  return Promise.resolve(0);
}

commandLine({ usage, main });
