// Anthropic's SDK for JavaScript against each kind of provider: the strictest of all on how a stream ends.

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import { CALL_BOTH, CUTS, LEAF, NOTHING, ODD_TEXT, PDF, PNG, THOUGHT, WEATHER, kinds, token, url } from "./stack.js";

const client = new Anthropic({ baseURL: url, apiKey: token, maxRetries: 0, timeout: 10_000 });
const tools = [
  { name: "weather", description: "w", input_schema: WEATHER },
  { name: "now", input_schema: NOTHING },
];
const user = (content) => [{ role: "user", content }];
const said = ({ content }) => content.filter(({ type }) => type === "text").map(({ text }) => text).join("");
const callsOf = ({ content }) => content.filter(({ type }) => type === "tool_use");

for (const { kind, account, model, thinkingModel, has, tellsRefusals } of kinds) {
  // Whole and streamed, the agent gets the same message.
  const whole = (ask) => client.messages.create({ model, max_tokens: 3000, ...ask });
  const streamed = (ask) => client.messages.stream({ model, max_tokens: 3000, ...ask }).finalMessage();

  describe(`Anthropic's SDK on ${kind}`, () => {
    beforeEach(() => account.reset());

    for (const [how, complete] of Object.entries({ whole, streamed })) {
      test(`text arrives as it was said, ${how}`, async () => {
        const answer = await complete({ messages: user(`say: ${ODD_TEXT}`) });
        assert.equal(said(answer), ODD_TEXT);
        assert.equal(answer.stop_reason, "end_turn");
      });

      test(`tools are called and answered, ${how}`, async () => {
        const messages = user(CALL_BOTH);
        const first = await complete({ messages, tools });
        assert.equal(first.stop_reason, "tool_use");
        const called = callsOf(first).map(({ name, input }) => [name, input]);
        assert.deepEqual(called, [["weather", { city: "Zürich", days: 3 }], ["now", {}]]);
        messages.push({ role: "assistant", content: first.content });
        const results = callsOf(first).map(({ id }, index) => ({
          type: "tool_result",
          tool_use_id: id,
          content: ["sunny", "noon"][index],
        }));
        messages.push({ role: "user", content: results });
        assert.equal(said(await complete({ messages, tools })), "Results: sunny | noon");
      });

      test(`usage is exact, ${how}`, async () => {
        await account.behave({ kind: "answer", cached_tokens: 11, cache_write_tokens: 7 });
        const { usage } = await complete({ messages: user("hi ".repeat(60)) });
        const counted = await account.counted();
        const written = has("counted-cache-writes") ? 7 : 0;
        assert.equal(usage.input_tokens, counted.input - 11 - written);
        assert.equal(usage.cache_read_input_tokens, 11);
        assert.equal(usage.cache_creation_input_tokens ?? 0, written);
        assert.equal(usage.output_tokens, counted.output);
      });

      test(`the end has its reason, ${how}`, async () => {
        const bounded = await complete({ messages: user("say: one two three"), max_tokens: 2 });
        assert.equal(bounded.stop_reason, "max_tokens");
        const refused = await complete({ messages: user("refuse") });
        assert.equal(refused.stop_reason, tellsRefusals ? "refusal" : "end_turn");
        const stopped = await complete({ messages: user("say: one two three"), stop_sequences: ["three"] });
        assert.equal(said(stopped), "one two ");
        assert.equal(stopped.stop_reason, has("told-stop-sequences") ? "stop_sequence" : "end_turn");
      });

      test(`thoughts are told where they are told, and may be sent back, ${how}`, async () => {
        const thinking = {
          model: thinkingModel,
          max_tokens: 4000,
          thinking: { type: "enabled", budget_tokens: 2000 },
          tools,
        };
        const messages = user(CALL_BOTH);
        const first = await complete({ messages, ...thinking });
        const thoughts = first.content.filter(({ type }) => type === "thinking").map((block) => block.thinking);
        if (has("bare-calls")) assert.deepEqual(thoughts, has("told-thoughts") ? [THOUGHT] : []);
        else assert.ok(thoughts.includes(THOUGHT));
        messages.push({ role: "assistant", content: first.content });
        const results = callsOf(first).map(({ id }) => ({ type: "tool_result", tool_use_id: id, content: "r" }));
        messages.push({ role: "user", content: results });
        assert.equal(said(await complete({ messages, ...thinking })), "Results: r | r");
      });
    }

    for (const cut of CUTS) {
      test(`a stream says the same, cut ${JSON.stringify(cut)}`, async () => {
        await account.behave({ kind: "answer", text: ODD_TEXT, chunks: 7, ...cut });
        assert.equal(said(await streamed({ messages: user("hi") })), ODD_TEXT);
        assert.equal(callsOf(await streamed({ messages: user(CALL_BOTH), tools })).length, 2);
      });
    }

    test("pictures and documents are seen", { skip: !has("documents") }, async () => {
      const content = [
        { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
        { type: "document", title: "a.pdf", source: { type: "base64", media_type: "application/pdf", data: PDF } },
        { type: "text", text: "describe them" },
      ];
      const expected = "I see image image/png of 8 bytes, document application/pdf of 10 bytes" + (has("named-documents") ? " named a.pdf" : "");
      // Bedrock has no names with a dot.
      assert.equal(said(await whole({ messages: user(content) })).replace("a pdf", "a.pdf"), expected);
    });

    test("an object fits its schema", async () => {
      const output_config = { format: { type: "json_schema", schema: LEAF } };
      const answer = await whole({ messages: user("a leaf"), output_config });
      assert.deepEqual(JSON.parse(said(answer)), { name: "text", ripe: true });
    });

    for (const [status, error, type] of [
      [400, Anthropic.BadRequestError, "invalid_request_error"],
      [404, Anthropic.NotFoundError, "not_found_error"],
      [429, Anthropic.RateLimitError, "rate_limit_error"],
      [500, Anthropic.InternalServerError, "api_error"],
      [529, Anthropic.InternalServerError, "overloaded_error"],
    ]) {
      test(`${status} is its own error`, async () => {
        await account.behave({ kind: "status", status, message: "in the provider's words", retry_after: 7 });
        const ask = { model: `${model}-anthropic-${status}-whole`, messages: user("hi") };
        await assert.rejects(whole(ask), (seen) => {
          assert.ok(seen instanceof error, String(seen));
          assert.equal(seen.error.error.type, type);
          assert.match(seen.message, /in the provider's words/);
          if (status === 429) assert.equal(seen.headers.get("retry-after"), "7");
          assert.ok(seen.requestID);
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
      for await (const event of stream) {
        if (event.type === "content_block_delta") break;
      }
      await account.behave({ kind: "answer" });
      assert.equal(said(await whole({ messages: user("say: yes") })), "yes");
    });
  });
}
