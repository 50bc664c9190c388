"""OpenAI's SDK asks for responses, of each kind of provider. The accounts are strict, and the SDK validates."""

from __future__ import annotations

import json
from typing import Any

import openai as sdk
import pytest
from openai import OpenAI

from conftest import Served
from material import CALL_BOTH, CUTS, GROWN, ODD_TEXT, PNG_BASE64, REFUSAL, THOUGHT, WEATHER_SCHEMA, Tree, cut_id

TOOLS: list[Any] = [
    {"type": "function", "name": "weather", "description": "w", "parameters": WEATHER_SCHEMA, "strict": False},
    {"type": "function", "name": "now", "parameters": {"type": "object", "properties": {}}, "strict": False},
]
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


class Agent:
    """An agent that asks one model, whole or streamed, and gets the same response either way."""

    def __init__(self, client: OpenAI, model: str, stream: bool) -> None:
        self.client, self.model, self.stream = client, model, stream

    def ask(self, said: Any, **more: Any) -> Any:
        ask = {"model": self.model, "input": said, **more}
        if not self.stream:
            return self.client.responses.create(**ask)
        with self.client.responses.stream(**ask) as events:
            return events.get_final_response()


@BOTH
def test_text_arrives_as_it_was_said(openai: OpenAI, served: Served, stream: bool) -> None:
    answer = Agent(openai, served.model, stream).ask(f"say: {ODD_TEXT}")
    assert answer.output_text == ODD_TEXT
    assert (answer.status, answer.object) == ("completed", "response")
    assert answer.id.startswith("resp_") and answer.model and answer.created_at


@pytest.mark.parametrize("cut", CUTS, ids=cut_id)
def test_a_stream_says_the_same_however_it_is_cut(openai: OpenAI, served: Served, cut: dict[str, Any]) -> None:
    served.account.behave(kind="answer", text=ODD_TEXT, chunks=7, **cut)
    events = list(openai.responses.create(model=served.model, input="hi", stream=True))
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == ODD_TEXT
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert [events[0].type, events[1].type, events[-1].type] == [
        "response.created",
        "response.in_progress",
        "response.completed",
    ]


@BOTH
def test_tools_are_called_and_answered(openai: OpenAI, served: Served, stream: bool) -> None:
    """Two calls at once, one without arguments; then their results, beside the SDK's own items."""
    agent = Agent(openai, served.model, stream)
    history: list[Any] = [{"role": "user", "content": CALL_BOTH}]
    first = agent.ask(history, tools=TOOLS, instructions="You are terse.")
    calls = [item for item in first.output if item.type == "function_call"]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [
        ("weather", {"city": "Zürich", "days": 3}),
        ("now", {}),
    ]
    history += [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in first.output]
    history += [
        {"type": "function_call_output", "call_id": call.call_id, "output": output}
        for call, output in zip(calls, ["sunny", "noon"])
    ]
    assert agent.ask(history, tools=TOOLS).output_text == "Results: sunny | noon"


@BOTH
def test_thoughts_make_the_round(openai: OpenAI, served: Served, stream: bool) -> None:
    """What a model thought goes back with its calls, sealed for whoever made it."""
    agent = Agent(openai, served.thinking_model, stream)
    more: dict[str, Any] = {
        "tools": TOOLS,
        "reasoning": {"effort": "low", "summary": "auto"},
        "include": ["reasoning.encrypted_content"],
        "store": False,
    }
    history: list[Any] = [{"role": "user", "content": CALL_BOTH}]
    first = agent.ask(history, **more)
    assert [item.type for item in first.output] == ["reasoning", "function_call", "function_call"]
    if served.kind != "openai":
        assert first.output[0].summary[0].text == THOUGHT
    history += [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in first.output]
    for call in first.output[1:]:
        history.append({"type": "function_call_output", "call_id": call.call_id, "output": "x"})
    assert agent.ask(history, **more).output_text == "Results: x | x"


@BOTH
def test_a_structured_answer_is_parsed(openai: OpenAI, served: Served, stream: bool) -> None:
    if stream:
        with openai.responses.stream(model=served.model, input="grow", text_format=Tree) as events:
            answer = events.get_final_response()
    else:
        answer = openai.responses.parse(model=served.model, input="grow", text_format=Tree)
    assert answer.output_parsed == GROWN


@BOTH
def test_a_picture_is_seen(openai: OpenAI, served: Served, stream: bool) -> None:
    parts = [
        {"type": "input_text", "text": "describe the image"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PNG_BASE64}", "detail": "auto"},
    ]
    answer = Agent(openai, served.model, stream).ask([{"role": "user", "content": parts}])
    assert "image/png of 70 bytes" in answer.output_text


@BOTH
def test_usage_is_exact(openai: OpenAI, served: Served, stream: bool) -> None:
    served.account.behave(kind="answer", cached_tokens=11, cache_write_tokens=7)
    usage = Agent(openai, served.model, stream).ask("hi " * 60).usage
    counted = served.account.counted()
    assert (usage.input_tokens, usage.output_tokens) == (counted["input"], counted["output"])
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert usage.input_tokens_details.cached_tokens == 11


def test_the_end_has_its_reason(openai: OpenAI, served: Served) -> None:
    cut = openai.responses.create(model=served.model, input="say: " + "w " * 30, max_output_tokens=16)
    assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    events = list(
        openai.responses.create(model=served.model, input="say: " + "w " * 30, max_output_tokens=16, stream=True)
    )
    assert events[-1].type == "response.incomplete"


def test_a_refusal_is_one(openai: OpenAI, served: Served) -> None:
    answer = openai.responses.create(model=served.model, input="refuse")
    content = answer.output[0].content[0] if answer.output else None
    if served.kind == "anthropic":
        assert answer.status == "completed" or answer.incomplete_details.reason == "content_filter"
    else:
        assert (content.type, content.refusal) == ("refusal", REFUSAL)


def test_what_only_openai_can_serve_is_refused_elsewhere(openai: OpenAI, served: Served) -> None:
    ask: dict[str, Any] = {"model": served.model, "input": "hi", "tools": [{"type": "web_search"}]}
    if served.kind == "openai":
        assert openai.responses.create(**ask).output_text
        return
    with pytest.raises(sdk.BadRequestError) as refused:
        openai.responses.create(**ask)
    assert refused.value.code == "unsupported_by_provider" and refused.value.param == "tools[0].type"


def test_nothing_is_kept(openai: OpenAI, served: Served) -> None:
    answer = openai.responses.create(model=served.model, input="hi")
    for ask in (openai.responses.retrieve, openai.responses.delete, openai.responses.cancel):
        with pytest.raises(sdk.NotFoundError) as refused:
            ask(answer.id)
        assert refused.value.code == "responses_not_kept"


def test_an_error_within_a_stream_fails_the_response(openai: OpenAI, served: Served) -> None:
    served.account.behave(kind="answer", ending={"kind": "error", "after_events": 5, "status": 529})
    events = list(openai.responses.create(model=served.model, input="say: a b c d e f", stream=True))
    assert events[-1].type == ("error" if served.kind == "openai" else "response.failed")
