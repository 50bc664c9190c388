// Vercel's AI SDK with each of its clients, on each kind of provider.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, Output, generateText, isStepCount, streamText, tool } from "ai";
import { z } from "zod";
import { CALL_BOTH, CUTS, ODD_TEXT, PNG, kinds, token, url } from "../sdk-node/stack.js";

globalThis.AI_SDK_LOG_WARNINGS = false;

const baseURL = `${url}/v1`;
const openai = createOpenAI({ baseURL, apiKey: token });
const clients = {
  "OpenAI's chat": openai.chat,
  "OpenAI's responses": openai.responses,
  "Anthropic's": createAnthropic({ baseURL, authToken: token }),
  "the compatible": createOpenAICompatible({
    name: "broker",
    baseURL,
    apiKey: token,
    includeUsage: true,
    supportsStructuredOutputs: true,
  }),
};

const tools = {
  weather: tool({
    description: "The weather of a city",
    inputSchema: z.object({ city: z.string(), days: z.number().int() }),
    execute: ({ city, days }) => `sunny in ${city} for ${days} days`,
  }),
  now: tool({ description: "The time", inputSchema: z.object({}), execute: () => "noon" }),
};
const RESULTS = "Results: sunny in Zürich for 3 days | noon";
const THINKING = {
  // By its name the SDK cannot tell that the model is one that reasons. Only OpenAI could store what it thought.
  openai: { reasoningEffort: "medium", forceReasoning: true, store: false },
  anthropic: { thinking: { type: "enabled", budgetTokens: 2000 } },
  broker: { reasoningEffort: "medium" },
};
const NOT_STORED = { openai: { store: false } };
const LEAF = z.object({ name: z.string(), ripe: z.boolean() });

for (const [client, of] of Object.entries(clients)) {
  for (const { kind, account, model, thinkingModel, has } of kinds) {
    // An agent's loop: it goes on for as long as there are calls of tools.
    const settings = { model: of(model), maxRetries: 0, maxOutputTokens: 3000, stopWhen: isStepCount(5) };
    const whole = (ask) => generateText({ ...settings, ...ask });
    // Put together; whoever only waits for the end does not learn of an error otherwise.
    const streamed = async (ask) => {
      let error;
      const result = streamText({ ...settings, ...ask, onError: (event) => ({ error } = event) });
      await result.consumeStream({ onError: (seen) => (error ??= seen) });
      if (error) throw error;
      const [text, steps, usage, output] = await Promise.all([result.text, result.steps, result.usage, result.output]);
      return { text, steps, usage, output };
    };

    describe(`Vercel's AI SDK, ${client} client on ${kind}`, () => {
      beforeEach(() => account.reset());

      for (const [how, complete] of Object.entries({ whole, streamed })) {
        test(`text arrives as it was said, and its usage, ${how}`, async () => {
          await account.behave({ kind: "answer", text: ODD_TEXT, chunks: 7 });
          const { text, usage } = await complete({ prompt: "hi" });
          assert.equal(text, ODD_TEXT);
          const counted = await account.counted();
          assert.equal(usage.inputTokens, counted.input);
          assert.equal(usage.outputTokens, counted.output);
        });

        test(`tools are called until the answer is there, ${how}`, async () => {
          const { text, steps } = await complete({ system: "You are terse.", prompt: CALL_BOTH, tools, providerOptions: NOT_STORED });
          assert.equal(text, RESULTS);
          assert.equal(steps.length, 2);
          const called = steps[0].toolCalls.map(({ toolName, input }) => [toolName, input]);
          assert.deepEqual(called, [["weather", { city: "Zürich", days: 3 }], ["now", {}]]);
        });

        test(`tools are called while thinking, ${how}`, async () => {
          const ask = { model: of(thinkingModel), prompt: CALL_BOTH, tools, providerOptions: THINKING };
          // This client knows no other word for the bound than `max_tokens`, which OpenAI's such models refuse.
          if (client === "the compatible") ask.maxOutputTokens = undefined;
          assert.equal((await complete(ask)).text, RESULTS);
          // OpenAI's chat cannot send back what the model thought, and Claude does not go on thinking without.
          assert.equal((await account.received())[0].usage.reasoning, 5);
        });

        test(`an object fits its schema, ${how}`, async () => {
          // For a name that is not one of Anthropic's its client asks by a tool, which it calls `json`.
          const prompt = 'call json with {"name":"text","ripe":true}';
          const { output } = await complete({ prompt, output: Output.object({ schema: LEAF }) });
          assert.deepEqual(output, { name: "text", ripe: true });
        });
      }

      for (const cut of CUTS) {
        test(`a stream says the same, cut ${JSON.stringify(cut)}`, async () => {
          await account.behave({ kind: "answer", text: ODD_TEXT, chunks: 7, ...cut });
          assert.equal((await streamed({ prompt: "hi" })).text, ODD_TEXT);
        });
      }

      test("a picture is seen", { skip: !has("pictures") }, async () => {
        const picture = { type: "file", data: Buffer.from(PNG, "base64"), mediaType: "image/png" };
        const messages = [{ role: "user", content: [{ type: "text", text: "describe it" }, picture] }];
        assert.equal((await whole({ messages })).text, "I see image image/png of 8 bytes");
      });

      test("an error is said in the provider's words", async () => {
        await account.behave({ kind: "status", status: 400, message: "in the provider's words" });
        const dialect = client === "Anthropic's" ? "anthropic" : "openai";
        await assert.rejects(whole({ model: of(`${model}-${dialect}-400-whole`), prompt: "hi" }), (seen) => {
          assert.ok(APICallError.isInstance(seen), String(seen));
          assert.equal(seen.statusCode, 400);
          assert.match(seen.message, /in the provider's words/);
          return true;
        });
      });

      test("a stream that breaks off is not taken for whole", async () => {
        await account.behave({ kind: "answer", text: "word ".repeat(50), ending: { kind: "truncated", after_events: 9 } });
        await assert.rejects(streamed({ prompt: "hi" }));
      });
    });
  }
}
