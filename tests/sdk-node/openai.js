// OpenAI's SDK for JavaScript against each kind of provider.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import OpenAI from "openai";
import { CALL_BOTH, CUTS, LEAF, NOTHING, ODD_TEXT, PNG, THOUGHT, WEATHER, kinds, token, url } from "./stack.js";

const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: token, maxRetries: 0, timeout: 10_000 });
const tools = [
  { type: "function", function: { name: "weather", description: "w", parameters: WEATHER } },
  { type: "function", function: { name: "now", parameters: NOTHING } },
];
const user = (content) => [{ role: "user", content }];

for (const { kind, account, model, thinkingModel, has } of kinds) {
  // Whole and streamed, the agent gets the same completion.
  const whole = (ask) => client.chat.completions.create({ model, ...ask });
  const streamed = (ask) =>
    client.chat.completions.stream({ model, stream_options: { include_usage: true }, ...ask }).finalChatCompletion();

  describe(`OpenAI's SDK on ${kind}`, () => {
    beforeEach(() => account.reset());

    for (const [how, complete] of Object.entries({ whole, streamed })) {
      test(`text arrives as it was said, ${how}`, async () => {
        const { choices } = await complete({ messages: user(`say: ${ODD_TEXT}`) });
        assert.equal(choices[0].message.content, ODD_TEXT);
        assert.equal(choices[0].finish_reason, "stop");
      });

      test(`tools are called and answered, ${how}`, async () => {
        const messages = user(CALL_BOTH);
        const [{ message, finish_reason }] = (await complete({ messages, tools })).choices;
        assert.equal(finish_reason, "tool_calls");
        const called = message.tool_calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]);
        assert.deepEqual(called, [["weather", { city: "Zürich", days: 3 }], ["now", {}]]);
        const calls = message.tool_calls.map(({ id, type, function: { name, arguments: given } }) => ({
          id,
          type,
          function: { name, arguments: given },
        }));
        messages.push({ role: "assistant", content: message.content, tool_calls: calls });
        calls.forEach(({ id }, index) =>
          messages.push({ role: "tool", tool_call_id: id, content: ["sunny", "noon"][index] }),
        );
        const answer = await complete({ messages, tools });
        assert.equal(answer.choices[0].message.content, "Results: sunny | noon");
      });

      test(`usage is exact, ${how}`, async () => {
        await account.behave({ kind: "answer", cached_tokens: 11, cache_write_tokens: 7 });
        const { usage } = await complete({ messages: user("hi ".repeat(60)) });
        const counted = await account.counted();
        assert.equal(usage.prompt_tokens, counted.input);
        assert.equal(usage.completion_tokens, counted.output);
        assert.equal(usage.prompt_tokens_details.cached_tokens, 11);
      });

      test(`the end has its reason, ${how}`, async () => {
        const stopped = await complete({ messages: user("say: one two three"), stop: "three" });
        assert.equal(stopped.choices[0].message.content, "one two ");
        assert.equal(stopped.choices[0].finish_reason, "stop");
        const bounded = await whole({ messages: user("say: one two three"), max_tokens: 2 });
        assert.equal(bounded.choices[0].finish_reason, "length");
      });
    }

    for (const cut of CUTS) {
      test(`a stream says the same, cut ${JSON.stringify(cut)}`, async () => {
        await account.behave({ kind: "answer", text: ODD_TEXT, chunks: 7, ...cut });
        assert.equal((await streamed({ messages: user("hi") })).choices[0].message.content, ODD_TEXT);
        const { choices } = await streamed({ messages: user(CALL_BOTH), tools });
        assert.equal(choices[0].message.tool_calls.length, 2);
      });
    }

    test("the runner of tools goes through the whole conversation", async () => {
      const call = (name, answer) => ({
        type: "function",
        function: { name, parameters: name === "weather" ? WEATHER : NOTHING, parse: JSON.parse, function: () => answer },
      });
      const runner = client.chat.completions.runTools({
        model,
        messages: user(CALL_BOTH),
        tools: [call("weather", "sunny"), call("now", "noon")],
        stream: true,
      });
      assert.equal(await runner.finalContent(), "Results: sunny | noon");
    });

    test("a picture is seen", { skip: !has("pictures") }, async () => {
      const parts = [
        { type: "text", text: "describe it" },
        { type: "image_url", image_url: { url: `data:image/png;base64,${PNG}` } },
      ];
      const { choices } = await whole({ messages: user(parts) });
      assert.equal(choices[0].message.content, "I see image image/png of 8 bytes");
    });

    test("an object fits its schema", async () => {
      const response_format = { type: "json_schema", json_schema: { name: "leaf", strict: true, schema: LEAF } };
      const { choices } = await client.chat.completions.parse({ model, messages: user("a leaf"), response_format });
      assert.deepEqual(choices[0].message.parsed, { name: "text", ripe: true });
    });

    test("thoughts are counted, and told where they are told", async () => {
      const { choices, usage } = await whole({ model: thinkingModel, messages: user("say: done"), reasoning_effort: "low" });
      assert.equal(choices[0].message.content, "done");
      assert.equal(usage.completion_tokens_details.reasoning_tokens, has("counted-thoughts") ? 5 : 0);
      assert.equal(choices[0].message.reasoning_content, has("told-thoughts") ? THOUGHT : undefined);
    });

    for (const [status, error] of [
      [400, OpenAI.BadRequestError],
      [404, OpenAI.NotFoundError],
      [429, OpenAI.RateLimitError],
      [500, OpenAI.InternalServerError],
      [529, OpenAI.InternalServerError],
    ]) {
      test(`${status} is its own error`, async () => {
        await account.behave({ kind: "status", status, message: "in the provider's words", retry_after: 7 });
        const ask = { model: `${model}-openai-${status}-whole`, messages: user("hi") };
        await assert.rejects(whole(ask), (seen) => {
          assert.ok(seen instanceof error, String(seen));
          assert.match(seen.message, /in the provider's words/);
          if (status === 429) assert.equal(seen.headers.get("retry-after"), "7");
          return true;
        });
      });
    }

    for (const ending of ["error", "truncated", "broken"]) {
      test(`a stream that ends ${ending} is not taken for whole`, async () => {
        await account.behave({ kind: "answer", text: "word ".repeat(50), ending: { kind: ending, after_events: 9 } });
        await assert.rejects(streamed({ messages: user("hi") }));
      });
    }

    test("after a cancelled stream the next call works", async () => {
      await account.behave({ kind: "answer", text: "word ".repeat(200), between_chunks_ms: 50 });
      const stream = await whole({ messages: user("hi"), stream: true });
      for await (const chunk of stream) {
        if (chunk.choices[0].delta.content) break;
      }
      await account.behave({ kind: "answer" });
      assert.equal((await whole({ messages: user("say: yes") })).choices[0].message.content, "yes");
    });
  });
}
