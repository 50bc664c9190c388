// OpenAI's SDK for JavaScript by the Responses API, against each kind of provider.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import OpenAI from "openai";
import { CALL_BOTH, CUTS, LEAF, NOTHING, ODD_TEXT, PNG, WEATHER, kinds, token, url } from "./stack.js";

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 0, timeout: 10_000 });
const tools = [
  { type: "function", name: "weather", description: "w", parameters: WEATHER, strict: false },
  { type: "function", name: "now", parameters: NOTHING, strict: false },
];
const callsOf = ({ output }) => output.filter(({ type }) => type === "function_call");

for (const { kind, account, model, thinkingModel, has } of kinds) {
  // Whole and streamed, the agent gets the same response. It keeps its own history.
  const whole = (ask) => client.responses.create({ model, store: false, ...ask });
  const streamed = (ask) => client.responses.stream({ model, store: false, ...ask }).finalResponse();

  describe(`OpenAI's SDK by responses on ${kind}`, () => {
    beforeEach(() => account.reset());

    for (const [how, complete] of Object.entries({ whole, streamed })) {
      test(`text arrives as it was said, ${how}`, async () => {
        const answer = await complete({ input: `say: ${ODD_TEXT}` });
        assert.equal(answer.output_text, ODD_TEXT);
        assert.equal(answer.status, "completed");
      });

      test(`tools are called and answered while thinking, ${how}`, async () => {
        const input = [{ role: "user", content: CALL_BOTH }];
        const ask = { model: thinkingModel, tools, reasoning: { effort: "low" }, include: ["reasoning.encrypted_content"] };
        const first = await complete({ input, ...ask });
        const called = callsOf(first).map((call) => [call.name, JSON.parse(call.arguments)]);
        assert.deepEqual(called, [["weather", { city: "Zürich", days: 3 }], ["now", {}]]);
        assert.equal(first.usage.output_tokens_details.reasoning_tokens, has("counted-thoughts") ? 5 : 0);
        input.push(...first.output.map(({ parsed_arguments, ...item }) => item));
        callsOf(first).forEach(({ call_id }, index) =>
          input.push({ type: "function_call_output", call_id, output: ["sunny", "noon"][index] }),
        );
        assert.equal((await complete({ input, ...ask })).output_text, "Results: sunny | noon");
      });

      test(`usage is exact, ${how}`, async () => {
        await account.behave({ kind: "answer", cached_tokens: 11 });
        const { usage } = await complete({ input: "hi ".repeat(60) });
        const counted = await account.counted();
        assert.equal(usage.input_tokens, counted.input);
        assert.equal(usage.output_tokens, counted.output);
        assert.equal(usage.input_tokens_details.cached_tokens, 11);
      });
    }

    for (const cut of CUTS) {
      test(`a stream says the same, cut ${JSON.stringify(cut)}`, async () => {
        await account.behave({ kind: "answer", text: ODD_TEXT, chunks: 7, ...cut });
        assert.equal((await streamed({ input: "hi" })).output_text, ODD_TEXT);
        assert.equal(callsOf(await streamed({ input: CALL_BOTH, tools })).length, 2);
      });
    }

    test("a picture is seen", { skip: !has("pictures") }, async () => {
      const content = [
        { type: "input_text", text: "describe it" },
        { type: "input_image", image_url: `data:image/png;base64,${PNG}`, detail: "auto" },
      ];
      const answer = await whole({ input: [{ role: "user", content }] });
      assert.equal(answer.output_text, "I see image image/png of 8 bytes");
    });

    test("an object fits its schema", async () => {
      const text = { format: { type: "json_schema", name: "leaf", strict: true, schema: LEAF } };
      const answer = await client.responses.parse({ model, store: false, input: "a leaf", text });
      assert.deepEqual(answer.output_parsed, { name: "text", ripe: true });
    });

    test("400 is its own error", async () => {
      await account.behave({ kind: "status", status: 400, message: "in the provider's words" });
      await assert.rejects(whole({ model: `${model}-openai-400-whole`, input: "hi" }), (seen) => {
        assert.ok(seen instanceof OpenAI.BadRequestError, String(seen));
        assert.match(seen.message, /in the provider's words/);
        return true;
      });
    });
  });
}
