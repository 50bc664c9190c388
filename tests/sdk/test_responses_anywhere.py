"""OpenAI's SDK by the Responses API, against each kind of provider. The SDK validates every answer and event."""

from __future__ import annotations

import json
from typing import Any

import openai as sdk
import pytest
from openai import OpenAI

from kinds import Feature
from material import (
    CALL_BOTH,
    CALL_ONE,
    CUTS,
    EMPTY_SCHEMA,
    GROWN,
    ODD_TEXT,
    PNG_BASE64,
    REFUSAL,
    WEATHER_SCHEMA,
    Tree,
    cut_id,
)
from stack import PROVIDER_KEY, TOKEN, Served, needs, requires

TOOLS: list[Any] = [
    {"type": "function", "name": "weather", "description": "w", "parameters": WEATHER_SCHEMA, "strict": False},
    {"type": "function", "name": "now", "parameters": EMPTY_SCHEMA, "strict": False},
]
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


class Agent:
    """An agent that asks one model, whole or streamed, and gets the same response either way. It keeps its own history."""

    def __init__(self, client: OpenAI, model: str, stream: bool) -> None:
        self.client, self.model, self.stream = client, model, stream

    def ask(self, said: str | list[Any], **more: Any) -> Any:
        ask = {"model": self.model, "input": said, "store": False, **more}
        if not self.stream:
            return self.client.responses.create(**ask)
        with self.client.responses.stream(**ask) as events:
            return events.get_final_response()


def calls_of(answer: Any) -> list[Any]:
    return [item for item in answer.output if item.type == "function_call"]


def assert_both_called(answer: Any) -> None:
    calls = calls_of(answer)
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [
        ("weather", {"city": "Zürich", "days": 3}),
        ("now", {}),
    ]
    assert calls[0].call_id and calls[1].call_id and calls[0].call_id != calls[1].call_id


def sent_back(answer: Any) -> list[Any]:
    return [item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in answer.output]


@BOTH
def test_text_arrives_as_it_was_said(openai: OpenAI, served: Served, stream: bool) -> None:
    answer = Agent(openai, served.model, stream).ask(f"say: {ODD_TEXT}")
    assert answer.output_text == ODD_TEXT
    assert (answer.object, answer.status, answer.error) == ("response", "completed", None)
    assert answer.id and answer.created_at and answer.model


@pytest.mark.parametrize("cut", CUTS, ids=cut_id)
def test_a_stream_says_the_same_however_it_is_cut(openai: OpenAI, served: Served, cut: dict[str, Any]) -> None:
    served.account.behave(kind="answer", text=ODD_TEXT, chunks=7, **cut)
    assert Agent(openai, served.model, True).ask("hi").output_text == ODD_TEXT
    assert_both_called(Agent(openai, served.model, True).ask(CALL_BOTH, tools=TOOLS))


def test_a_stream_has_the_shape_of_openais(openai: OpenAI, served: Served) -> None:
    """Numbered without gaps, each item begun and ended in its turn, and one end."""
    events = list(
        openai.responses.create(
            model=served.model, input=f"think aloud and {CALL_BOTH}", tools=TOOLS, stream=True, store=False
        )
    )
    kinds = [event.type for event in events]
    assert kinds[0] == "response.created"
    assert kinds[-1] == "response.completed"
    assert [event.sequence_number for event in events] == list(range(len(events)))
    added = [event for event in events if event.type == "response.output_item.added"]
    done = [event for event in events if event.type == "response.output_item.done"]
    said = ["message"] if served.kind.has(Feature.BARE_CALLS) else ["message", "reasoning"]
    items = [*said, "function_call", "function_call"]
    assert [event.item.type for event in added] == items
    assert [event.output_index for event in added] == [event.output_index for event in done] == list(range(len(items)))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(deltas) == "I will look it up."
    last = events[-1].response
    assert [item.type for item in last.output] == items
    assert last.usage is not None


@BOTH
def test_tools_are_called_and_answered(openai: OpenAI, served: Served, stream: bool) -> None:
    agent = Agent(openai, served.model, stream)
    history: list[Any] = [{"role": "user", "content": CALL_BOTH}]
    first = agent.ask(history, tools=TOOLS, instructions="You are terse.")
    assert_both_called(first)
    history += sent_back(first)
    for call, result in zip(calls_of(first), ["sunny ☀", "noon"]):
        history.append({"type": "function_call_output", "call_id": call.call_id, "output": result})
    second = agent.ask(history, tools=TOOLS)
    assert second.output_text == "Results: sunny ☀ | noon"
    history += [*sent_back(second), {"role": "user", "content": "say: bye"}]
    assert agent.ask(history, tools=TOOLS).output_text == "bye"


@pytest.mark.parametrize(
    ("how", "called"),
    [
        ({"tool_choice": "none"}, []),
        ({"tool_choice": "required"}, ["weather", "now"]),
        ({"tool_choice": {"type": "function", "name": "now"}}, ["now"]),
        ({"parallel_tool_calls": False}, ["weather"]),
    ],
    ids=str,
)
def test_the_choice_of_tools(openai: OpenAI, served: Served, how: dict[str, Any], called: list[str]) -> None:
    if how.get("parallel_tool_calls") is False:
        requires(served, Feature.ONE_CALL_AT_A_TIME)
    if isinstance(how.get("tool_choice"), dict):
        requires(served, Feature.FORCED_TOOLS)
    answer = Agent(openai, served.model, False).ask(CALL_BOTH, tools=TOOLS, **how)
    assert [call.name for call in calls_of(answer)] == called


@BOTH
def test_tools_while_thinking(openai: OpenAI, served: Served, stream: bool) -> None:
    """What the model thought goes back as it came, sealed."""
    agent = Agent(openai, served.thinking_model, stream)
    history: list[Any] = [{"role": "user", "content": CALL_ONE}]
    ask: dict[str, Any] = {
        "tools": TOOLS,
        "reasoning": {"effort": "medium"},
        "include": ["reasoning.encrypted_content"],
    }
    first = agent.ask(history, **ask)
    assert first.usage.output_tokens_details.reasoning_tokens == (5 if served.kind.has(Feature.COUNTED_THOUGHTS) else 0)
    history += sent_back(first)
    history.append({"type": "function_call_output", "call_id": calls_of(first)[0].call_id, "output": "sunny"})
    assert agent.ask(history, **ask).output_text == "Results: sunny"


def test_an_object_of_a_class(openai: OpenAI, served: Served) -> None:
    answer = openai.responses.parse(model=served.model, input="a tree, please", text_format=Tree, store=False)
    assert answer.output_parsed == GROWN


@needs(Feature.PICTURES)
def test_a_picture(openai: OpenAI, served: Served) -> None:
    content = [
        {"type": "input_text", "text": "describe it"},
        {"type": "input_image", "image_url": f"data:image/png;base64,{PNG_BASE64}", "detail": "auto"},
    ]
    answer = Agent(openai, served.model, False).ask([{"role": "user", "content": content}])
    assert answer.output_text == "I see image image/png of 70 bytes"


def test_instructions(openai: OpenAI, served: Served) -> None:
    history = [
        {"role": "developer", "content": "You are kind."},
        {"role": "user", "content": [{"type": "input_text", "text": "say: yes"}]},
    ]
    answer = Agent(openai, served.model, False).ask(history, instructions="You are terse.")
    assert answer.output_text == "yes"
    got = served.account.got()
    # In its own format a call passes as it is, with a key for these instructions.
    told = [got.pop("instructions", ""), json.dumps(got)]
    assert " ".join(told).index("You are terse.") < " ".join(told).index("You are kind.")


@BOTH
def test_a_bound_on_the_answer(openai: OpenAI, served: Served, stream: bool) -> None:
    # OpenAI takes no bound below 16 here.
    words = " ".join(f"w{number}" for number in range(20))
    answer = openai.responses.create(model=served.model, input=f"say: {words}", max_output_tokens=16, stream=stream)
    if stream:
        last = list(answer)[-1]
        assert last.type == "response.incomplete"  # Which the helper of the SDK does not take for an end.
        answer = last.response
    assert (answer.status, answer.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert answer.output_text == " ".join(words.split()[:16])


@needs(Feature.TOLD_REFUSALS)
def test_a_refusal(openai: OpenAI, served: Served) -> None:
    answer = Agent(openai, served.model, False).ask("refuse")
    contents = [content for item in answer.output if item.type == "message" for content in item.content]
    assert [(content.type, content.refusal) for content in contents] == [("refusal", REFUSAL)]


@BOTH
def test_usage_is_exact(openai: OpenAI, served: Served, stream: bool) -> None:
    served.account.behave(kind="answer", cached_tokens=11)
    usage = Agent(openai, served.model, stream).ask("say: one two three " + "x " * 100).usage
    counted = served.account.counted()
    assert usage.input_tokens == counted["input"]
    assert usage.output_tokens == counted["output"]
    assert usage.total_tokens == counted["input"] + counted["output"]
    assert usage.input_tokens_details.cached_tokens == (11 if served.kind.has(Feature.COUNTED_CACHE_READS) else 0)


@BOTH
def test_what_the_provider_refuses_is_said_in_its_words(openai: OpenAI, served: Served, stream: bool) -> None:
    served.account.behave(kind="status", status=400, message="in the provider's words")
    with pytest.raises(sdk.BadRequestError, match="in the provider's words") as raised:
        openai.responses.create(
            model=f"{served.model}-openai-400-{'stream' if stream else 'whole'}", input="hi", stream=stream
        )
    assert raised.value.type


@pytest.mark.parametrize("ending", ["error", "truncated", "broken", "half_event"])
def test_a_stream_that_does_not_end_well_is_not_taken_for_whole(openai: OpenAI, served: Served, ending: str) -> None:
    served.account.behave(kind="answer", text="word " * 50, ending={"kind": ending, "after_events": 9})
    kinds: list[str] = []
    try:
        for event in openai.responses.create(model=served.model, input="hi", stream=True, store=False):
            kinds.append(event.type)
    except Exception:  # The SDK raises by the way a stream breaks off; the API says it in an event as well.
        kinds.append("raised")
    assert kinds[-1] in ("raised", "error", "response.failed")
    assert "response.completed" not in kinds


def test_the_agents_token_stays_here(openai: OpenAI, served: Served) -> None:
    Agent(openai, served.model, False).ask("hi")
    [received] = served.account.received()
    assert PROVIDER_KEY in str(received)
    assert TOKEN not in str(received)
