// OpenAI's SDK for JavaScript asks for responses, of each kind of provider.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import OpenAI from "openai";
import { CALL_BOTH, NOTHING, ODD_TEXT, WEATHER, kinds, token, url } from "./stack.js";

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 0, timeout: 10_000 });
const tools = [
  { type: "function", name: "weather", description: "w", parameters: WEATHER, strict: false },
  { type: "function", name: "now", parameters: NOTHING, strict: false },
];

for (const { kind, account, model } of kinds) {
  const whole = (ask) => client.responses.create({ model, ...ask });
  const streamed = (ask) => client.responses.stream({ model, ...ask }).finalResponse();

  describe(`OpenAI's SDK asks for responses on ${kind}`, () => {
    beforeEach(() => account.reset());

    for (const [how, complete] of Object.entries({ whole, streamed })) {
      test(`text arrives as it was said, ${how}`, async () => {
        const answer = await complete({ input: `say: ${ODD_TEXT}` });
        assert.equal(answer.output_text, ODD_TEXT);
        assert.equal(answer.status, "completed");
      });

      test(`tools are called and answered, ${how}`, async () => {
        const input = [{ role: "user", content: CALL_BOTH }];
        const { output } = await complete({ input, tools });
        const calls = output.filter((item) => item.type === "function_call");
        const called = calls.map((call) => [call.name, JSON.parse(call.arguments)]);
        assert.deepEqual(called, [["weather", { city: "Zürich", days: 3 }], ["now", {}]]);
        calls.forEach(({ id, call_id, name, arguments: given }) =>
          input.push({ type: "function_call", id, call_id, name, arguments: given }),
        );
        calls.forEach(({ call_id }, index) =>
          input.push({ type: "function_call_output", call_id, output: ["sunny", "noon"][index] }),
        );
        assert.equal((await complete({ input, tools })).output_text, "Results: sunny | noon");
      });

      test(`usage is exact, ${how}`, async () => {
        const { usage } = await complete({ input: "hi ".repeat(60) });
        const counted = await account.counted();
        assert.equal(usage.input_tokens, counted.input);
        assert.equal(usage.output_tokens, counted.output);
      });
    }
  });
}
