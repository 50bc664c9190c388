"""Calls a base URL with the official Python SDKs, which check every answer against their schemas.

    python strict.py http://127.0.0.1:10000 TOKEN OPENAI_MODEL ANTHROPIC_MODEL

Works against the broker and, with any token and models, against the provider simulator. Needs `pip install openai anthropic`.
`_strict_response_validation` is what turns the SDKs into schema checkers: without it they accept nearly everything.
"""

import sys

import anthropic
import openai

CHAT_TOOL = {"type": "function", "function": {"name": "weather", "description": "w", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}
MESSAGES_TOOL = {"name": "weather", "description": "w", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}


def check_openai(client, model):
    say = [{"role": "user", "content": "hi"}]
    ask = [{"role": "user", "content": "use the tool"}]
    whole = client.chat.completions.create(model=model, messages=say)
    assert whole.choices[0].message.content.startswith("Hello"), whole
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 0, whole
    call = client.chat.completions.create(model=model, messages=ask, tools=[CHAT_TOOL]).choices[0]
    assert call.finish_reason == "tool_calls" and call.message.tool_calls[0].function.arguments == '{"city":"Paris"}', call

    chunks = list(client.chat.completions.create(model=model, messages=say, stream=True))
    assert all(chunk.choices for chunk in chunks), "a usage chunk nobody asked for"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text.startswith("Hello") and chunks[-1].choices[0].finish_reason == "stop", chunks
    chunks = list(client.chat.completions.create(model=model, messages=say, stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0, chunks
    assert all(chunk.usage is None for chunk in chunks[:-1]), chunks
    with client.chat.completions.stream(model=model, messages=ask, tools=[CHAT_TOOL]) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.tool_calls[0].function.arguments == '{"city":"Paris"}', final


def check_anthropic(client, model):
    say = [{"role": "user", "content": "hi"}]
    ask = [{"role": "user", "content": "use the tool"}]
    whole = client.messages.create(model=model, max_tokens=10, messages=say)
    assert whole.content[0].text.startswith("Hello") and whole.usage.output_tokens > 0, whole
    call = client.messages.create(model=model, max_tokens=10, messages=ask, tools=[MESSAGES_TOOL])
    assert call.stop_reason == "tool_use" and call.content[0].input == {"city": "Paris"}, call

    events = list(client.messages.create(model=model, max_tokens=10, messages=say, stream=True))
    assert events[0].type == "message_start" and events[-1].type == "message_stop", events
    with client.messages.stream(model=model, max_tokens=10, messages=say) as stream:
        final = stream.get_final_message()
    assert final.content[0].text.startswith("Hello") and final.usage.input_tokens > 0, final
    with client.messages.stream(model=model, max_tokens=10, messages=ask, tools=[MESSAGES_TOOL]) as stream:
        final = stream.get_final_message()
    assert final.content[0].input == {"city": "Paris"}, final


def main():
    url, token, openai_model, anthropic_model = sys.argv[1:5]
    strict = {"api_key": token, "max_retries": 0, "_strict_response_validation": True}
    check_openai(openai.OpenAI(base_url=url + "/v1", **strict), openai_model)
    check_anthropic(anthropic.Anthropic(base_url=url, **strict), anthropic_model)
    print(f"strict: openai {openai.__version__} and anthropic {anthropic.__version__} accept every answer")


main()
