"""What an agent with Anthropic's SDK sees. The SDK validates every answer against its own types."""

from __future__ import annotations

from typing import Any

import anthropic as sdk
import pytest
from anthropic import Anthropic, Omit

from conftest import anthropic_client
from stack import CLAUDE_MODEL, MODELS, PROVIDER_KEY, TOKEN, Stack

ASK: dict[str, Any] = {
    "model": CLAUDE_MODEL,
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Say hello."}],
}
ANSWER = "Hello from anthropic-a: claude-sonnet-4-6."
TOOLS: list[Any] = [
    {
        "name": "weather",
        "description": "The weather of a city",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
    }
]


def test_a_call_is_answered(anthropic: Anthropic) -> None:
    answer = anthropic.messages.create(**ASK)
    assert text_of(answer) == ANSWER
    assert answer.stop_reason == "end_turn"
    assert answer.usage.input_tokens > 0


def test_the_provider_gets_its_own_key_and_not_the_agents(anthropic: Anthropic, stack: Stack) -> None:
    anthropic.messages.create(**ASK)
    [received] = stack.accounts["anthropic-a"].received()
    assert PROVIDER_KEY in str(received)
    assert TOKEN not in str(received)


def test_a_base_url_with_v1(stack: Stack) -> None:
    """Anthropic's SDK adds `/v1` itself; people who come from OpenAI's write it into the base URL too."""
    with anthropic_client(stack, TOKEN, path="/v1") as client:
        assert text_of(client.messages.create(**ASK)) == ANSWER
        with client.messages.stream(**ASK) as stream:
            assert stream.get_final_text() == ANSWER
    assert [call["path"] for call in stack.accounts["anthropic-a"].received()] == ["/v1/messages"] * 2


def test_the_token_in_x_api_key(stack: Stack) -> None:
    """Where SDKs before 2 put it, and where many tools still do."""
    headers = {"X-Api-Key": TOKEN, "Authorization": Omit()}
    with anthropic_client(stack, "unused", default_headers=headers) as client:
        assert text_of(client.messages.create(**ASK)) == ANSWER
    [received] = stack.accounts["anthropic-a"].received()
    assert TOKEN not in str(received)


def test_a_stream_arrives_whole(anthropic: Anthropic) -> None:
    events = list(anthropic.messages.create(**ASK, stream=True))
    kinds = [event.type for event in events]
    assert kinds[0] == "message_start"
    assert kinds[-2:] == ["message_delta", "message_stop"]
    deltas = [event.delta.text for event in events if event.type == "content_block_delta"]
    assert "".join(deltas) == ANSWER


def test_the_stream_helper_puts_the_answer_together(anthropic: Anthropic) -> None:
    with anthropic.messages.stream(**ASK) as stream:
        assert "".join(stream.text_stream) == ANSWER
        final = stream.get_final_message()
    assert final.stop_reason == "end_turn"
    assert final.usage.input_tokens > 0 and final.usage.output_tokens > 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called(anthropic: Anthropic, stream: bool) -> None:
    ask = {**ASK, "messages": [{"role": "user", "content": "Use the tool."}], "tools": TOOLS}
    if stream:
        with anthropic.messages.stream(**ask) as events:
            answer = events.get_final_message()
    else:
        answer = anthropic.messages.create(**ask)
    assert answer.stop_reason == "tool_use"
    [block] = answer.content
    assert block.type == "tool_use"
    assert (block.name, block.input) == ("weather", {"city": "Paris"})


def test_the_models_are_those_of_the_broker(anthropic: Anthropic) -> None:
    assert MODELS <= {model.id for model in anthropic.models.list()}


def test_after_a_cancelled_stream_the_next_call_works(anthropic: Anthropic, stack: Stack) -> None:
    stack.accounts["anthropic-a"].behave(kind="answer", text="word " * 200, between_chunks_ms=50)
    with anthropic.messages.stream(**ASK) as stream:
        texts = stream.text_stream
        assert next(texts).startswith("word")

    stack.accounts["anthropic-a"].behave(kind="answer")
    assert text_of(anthropic.messages.create(**ASK)) == ANSWER


def test_a_bad_token(stack: Stack) -> None:
    with anthropic_client(stack, "nobody") as client, pytest.raises(sdk.AuthenticationError) as raised:
        client.messages.create(**ASK)
    assert_said(raised.value, "authentication_error")
    assert stack.accounts["anthropic-a"].received() == []


def test_an_unknown_model(anthropic: Anthropic) -> None:
    with pytest.raises(sdk.NotFoundError) as raised:
        anthropic.messages.create(**{**ASK, "model": "no-such-model"})
    assert_said(raised.value, "not_found_error")


def test_a_request_the_broker_cannot_read(anthropic: Anthropic) -> None:
    body = {name: value for name, value in ASK.items() if name != "model"}
    with pytest.raises(sdk.BadRequestError) as raised:
        anthropic.post("/v1/messages", cast_to=object, body=body)
    assert_said(raised.value, "invalid_request_error")


def test_what_the_provider_refuses_is_said_in_its_words(anthropic: Anthropic, stack: Stack) -> None:
    stack.accounts["anthropic-a"].behave(kind="status", status=400, message="max_tokens is too large")
    with pytest.raises(sdk.BadRequestError, match="max_tokens is too large") as raised:
        anthropic.messages.create(**ASK)
    assert_said(raised.value, "invalid_request_error")


def test_a_stream_that_ends_in_an_error_raises(anthropic: Anthropic, stack: Stack) -> None:
    """The first words were passed on, so nothing can take over: the agent must learn that the answer is not whole."""
    ending = {"kind": "error", "after_events": 5}
    stack.accounts["anthropic-a"].behave(kind="answer", ending=ending)
    with pytest.raises(sdk.APIError), anthropic.messages.stream(**ASK) as stream:
        stream.until_done()


def text_of(answer: Any) -> str:
    return "".join(block.text for block in answer.content if block.type == "text")


def assert_said(error: sdk.APIStatusError, kind: str) -> None:
    """The body was Anthropic's error object."""
    assert isinstance(error.body, dict), error.response.text
    assert error.body.get("type") == "error"
    assert error.body["error"]["type"] == kind
    assert error.body["error"]["message"]
