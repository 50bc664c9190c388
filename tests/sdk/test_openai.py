"""What an agent with OpenAI's SDK sees. The SDK validates every answer against its own types."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import openai as sdk
import pytest
from openai import AsyncOpenAI, OpenAI

from conftest import openai_client
from stack import CHAT_MODEL, FAILING_MODEL, FAILOVER_MODEL, MODELS, PROVIDER_KEY, TOKEN, Stack

ASK: list[Any] = [{"role": "user", "content": "Say hello."}]
ANSWER = "Hello from openai-a: gpt-5-mini."
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather of a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]


def test_a_call_is_answered(openai: OpenAI) -> None:
    answer = openai.chat.completions.create(model=CHAT_MODEL, messages=ASK)
    assert answer.choices[0].message.content == ANSWER
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None and answer.usage.prompt_tokens > 0


def test_the_provider_gets_its_own_key_and_not_the_agents(openai: OpenAI, stack: Stack) -> None:
    openai.chat.completions.create(model=CHAT_MODEL, messages=ASK)
    [received] = stack.accounts["openai-a"].received()
    assert PROVIDER_KEY in str(received)
    assert TOKEN not in str(received)


def test_a_stream_arrives_whole(openai: OpenAI) -> None:
    chunks = list(openai.chat.completions.create(model=CHAT_MODEL, messages=ASK, stream=True))
    assert text_of(chunks) == ANSWER
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_a_stream_without_include_usage_shows_none(openai: OpenAI) -> None:
    """The broker needs the usage and asks for it; who did not ask must not meet a chunk without choices."""
    chunks = list(openai.chat.completions.create(model=CHAT_MODEL, messages=ASK, stream=True))
    assert all(chunk.choices for chunk in chunks)
    assert all(chunk.usage is None for chunk in chunks)


def test_a_stream_with_include_usage_ends_with_it(openai: OpenAI) -> None:
    stream = openai.chat.completions.create(
        model=CHAT_MODEL, messages=ASK, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert text_of(chunks) == ANSWER
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None and chunks[-1].usage.completion_tokens > 0


def test_the_stream_helper_puts_the_answer_together(openai: OpenAI) -> None:
    with openai.chat.completions.stream(model=CHAT_MODEL, messages=ASK) as stream:
        kinds = {event.type for event in stream}
        final = stream.get_final_completion()
    assert {"chunk", "content.delta", "content.done"} <= kinds
    assert final.choices[0].message.content == ANSWER


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called(openai: OpenAI, stream: bool) -> None:
    ask: dict[str, Any] = {
        "model": CHAT_MODEL,
        "messages": [{"role": "user", "content": "Use the tool."}],
        "tools": TOOLS,
    }
    if stream:
        with openai.chat.completions.stream(**ask) as events:
            answer = events.get_final_completion()
    else:
        answer = openai.chat.completions.create(**ask)
    assert answer.choices[0].finish_reason == "tool_calls"
    [call] = answer.choices[0].message.tool_calls or []
    assert (call.function.name, call.function.arguments) == ("weather", '{"city":"Paris"}')


def test_the_models_are_those_of_the_broker(openai: OpenAI) -> None:
    assert MODELS <= {model.id for model in openai.models.list()}


def test_calls_at_the_same_time(stack: Stack) -> None:
    async def all_of_them() -> list[str | None]:
        async with AsyncOpenAI(
            base_url=f"{stack.url}/v1", api_key=TOKEN, max_retries=0, timeout=10, _strict_response_validation=True
        ) as client:
            calls = [client.chat.completions.create(model=CHAT_MODEL, messages=ASK) for _ in range(16)]
            return [answer.choices[0].message.content for answer in await asyncio.gather(*calls)]

    assert asyncio.run(all_of_them()) == [ANSWER] * 16


@pytest.mark.parametrize("stream", [False, True])
def test_a_failover_is_not_seen(openai: OpenAI, stack: Stack, stream: bool) -> None:
    ask: dict[str, Any] = {"model": FAILOVER_MODEL, "messages": ASK}
    if stream:
        text = text_of(openai.chat.completions.create(**ask, stream=True))
    else:
        text = openai.chat.completions.create(**ask).choices[0].message.content
    assert text == "Hello from openai-b: gpt-5-mini."
    assert len(stack.accounts["openai-b"].received()) == 1


def test_after_a_cancelled_stream_the_next_call_works(openai: OpenAI, stack: Stack) -> None:
    stack.accounts["openai-a"].behave(kind="answer", text="word " * 200, between_chunks_ms=50)
    with openai.chat.completions.create(model=CHAT_MODEL, messages=ASK, stream=True) as stream:
        seen = [next(stream) for _ in range(3)]
    assert text_of(seen).startswith("word")

    stack.accounts["openai-a"].behave(kind="answer")
    started = time.monotonic()
    answer = openai.chat.completions.create(model=CHAT_MODEL, messages=ASK)
    assert answer.choices[0].message.content == ANSWER
    assert time.monotonic() - started < 5


def test_a_bad_token(stack: Stack) -> None:
    with openai_client(stack, "nobody") as client, pytest.raises(sdk.AuthenticationError) as raised:
        client.chat.completions.create(model=CHAT_MODEL, messages=ASK)
    assert_said(raised.value)
    assert stack.accounts["openai-a"].received() == []


def test_an_unknown_model(openai: OpenAI) -> None:
    with pytest.raises(sdk.NotFoundError) as raised:
        openai.chat.completions.create(model="no-such-model", messages=ASK)
    assert_said(raised.value)
    assert raised.value.code == "model_not_found"


def test_an_unknown_model_in_a_stream(openai: OpenAI) -> None:
    with pytest.raises(sdk.NotFoundError):
        openai.chat.completions.create(model="no-such-model", messages=ASK, stream=True)


@pytest.mark.parametrize("body", [{"messages": ASK}, {"model": 7, "messages": ASK}])
def test_a_request_the_broker_cannot_read(openai: OpenAI, body: Any) -> None:
    with pytest.raises(sdk.BadRequestError) as raised:
        openai.post("/chat/completions", cast_to=object, body=body)
    assert_said(raised.value)


def test_what_the_provider_refuses_is_said_in_its_words(openai: OpenAI, stack: Stack) -> None:
    stack.accounts["openai-a"].behave(kind="status", status=400, message="temperature is too high")
    with pytest.raises(sdk.BadRequestError, match="temperature is too high"):
        openai.chat.completions.create(model=CHAT_MODEL, messages=ASK)


def test_when_nobody_answers(openai: OpenAI) -> None:
    with pytest.raises(sdk.InternalServerError) as raised:
        openai.chat.completions.create(model=FAILING_MODEL, messages=ASK)
    assert_said(raised.value)


def text_of(chunks: Any) -> str:
    return "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)


def assert_said(error: sdk.APIStatusError) -> None:
    """The body was OpenAI's error object: the SDK found its fields."""
    assert isinstance(error.body, dict), error.response.text
    assert error.body.get("message") and error.type, error.response.text
