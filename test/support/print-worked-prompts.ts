// The worked prompts as JSON, for test/fixtures/task/make_prompt_ids.py: node --import tsx test/support/print-worked-prompts.ts
import { workedPrompts } from "./worked-prompts";

console.log(JSON.stringify(workedPrompts.map(({ task, reading, text, words }) => ({ task, reading, text, words }))));
