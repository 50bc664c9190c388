"""OpenAI's SDK against each kind of provider. The accounts are as strict as the real ones, and the SDK validates."""

from __future__ import annotations

import json
import os
from typing import Any

import openai as sdk
import pytest
from openai import OpenAI, pydantic_function_tool
from pydantic import BaseModel

from kinds import Feature
from material import (
    CALL_BOTH,
    CALL_ONE,
    CUTS,
    GROWN,
    ODD_TEXT,
    PDF_BASE64,
    PICTURE_URL,
    PNG_BASE64,
    REFUSAL,
    THOUGHT,
    WEATHER_SCHEMA,
    Tree,
    cut_id,
)
from stack import PROVIDER_KEY, TOKEN, Served, Stack, needs, requires

TOOLS: list[Any] = [
    {"type": "function", "function": {"name": "weather", "description": "w", "parameters": WEATHER_SCHEMA}},
    {"type": "function", "function": {"name": "now"}},
]
pytestmark = needs(Feature.CHAT)
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


class Agent:
    """An agent that asks one model, whole or streamed, and gets the same completion either way."""

    def __init__(self, client: OpenAI, model: str, stream: bool) -> None:
        self.client, self.model, self.stream = client, model, stream

    def ask(self, said: str | list[Any], **more: Any) -> Any:
        messages = [{"role": "user", "content": said}] if isinstance(said, str) else said
        ask = {"model": self.model, "messages": messages, **more}
        if not self.stream:
            return self.client.chat.completions.create(**ask)
        with self.client.chat.completions.stream(**ask, stream_options={"include_usage": True}) as events:
            return events.get_final_completion()


def said(answer: Any) -> Any:
    return answer.choices[0].message.content


def assert_both_called(choice: Any) -> None:
    assert choice.finish_reason == "tool_calls"
    calls = choice.message.tool_calls
    assert [(call.type, call.function.name) for call in calls] == [("function", "weather"), ("function", "now")]
    assert [json.loads(call.function.arguments) for call in calls] == [{"city": "Zürich", "days": 3}, {}]
    assert calls[0].id and calls[1].id and calls[0].id != calls[1].id


@BOTH
def test_text_arrives_as_it_was_said(openai: OpenAI, served: Served, stream: bool) -> None:
    answer = Agent(openai, served.model, stream).ask(f"say: {ODD_TEXT}")
    assert said(answer) == ODD_TEXT
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model and answer.id and answer.created


@pytest.mark.parametrize("cut", CUTS, ids=cut_id)
def test_a_stream_says_the_same_however_it_is_cut(openai: OpenAI, served: Served, cut: dict[str, Any]) -> None:
    served.account.behave(kind="answer", text=ODD_TEXT, chunks=7, **cut)
    assert said(Agent(openai, served.model, True).ask("hi")) == ODD_TEXT
    ask = [{"role": "user", "content": CALL_BOTH}]
    answer = Agent(openai, served.model, True).ask(ask, tools=TOOLS)
    assert_both_called(answer.choices[0])


def test_a_long_text_is_whole(openai: OpenAI, served: Served) -> None:
    text = "日本 🎉 wörd " * 20_000
    served.account.behave(kind="answer", text=text, chunks=400)
    for stream in (False, True):
        assert said(Agent(openai, served.model, stream).ask("hi")) == text


def test_a_stream_has_the_shape_of_openais(openai: OpenAI, served: Served) -> None:
    chunks = list(
        openai.chat.completions.create(
            model=served.model, messages=[{"role": "user", "content": "say: a b"}], stream=True
        )
    )
    assert chunks[0].choices[0].delta.role == "assistant"
    assert len({(chunk.id, chunk.model, chunk.created) for chunk in chunks}) == 1
    assert all(chunk.choices and chunk.usage is None for chunk in chunks), "nobody asked for usage"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices[0].finish_reason] == ["stop"]


@BOTH
def test_one_tool_is_called(openai: OpenAI, served: Served, stream: bool) -> None:
    choice = Agent(openai, served.model, stream).ask(CALL_ONE, tools=TOOLS).choices[0]
    assert choice.finish_reason == "tool_calls"
    [call] = choice.message.tool_calls
    assert (call.type, call.function.name) == ("function", "weather")
    assert json.loads(call.function.arguments) == {"city": "Zürich", "days": 3}


@BOTH
def test_tools_are_called_and_answered(openai: OpenAI, served: Served, stream: bool) -> None:
    """Two calls at once, one without arguments; then their results, as the SDK's own objects."""
    agent = Agent(openai, served.model, stream)
    history: list[Any] = [{"role": "system", "content": "You are terse."}, {"role": "user", "content": CALL_BOTH}]
    first = agent.ask(history, tools=TOOLS).choices[0]
    assert_both_called(first)
    # As an agent writes it down; the objects of the stream helper have fields of their own.
    calls = [
        {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": call.function.arguments}}
        for call in first.message.tool_calls
    ]
    history.append({"role": "assistant", "content": first.message.content, "tool_calls": calls})
    for call, result in zip(calls, ["sunny ☀", "noon"]):
        history.append({"role": "tool", "tool_call_id": call["id"], "content": result})
    assert said(agent.ask(history, tools=TOOLS)) == "Results: sunny ☀ | noon"
    history += [{"role": "assistant", "content": "It is sunny."}, {"role": "user", "content": CALL_BOTH}]
    assert_both_called(agent.ask(history, tools=TOOLS).choices[0])


def test_a_message_can_be_sent_back_as_the_sdk_gave_it(openai: OpenAI, served: Served) -> None:
    history: list[Any] = [{"role": "user", "content": CALL_ONE}]
    first = openai.chat.completions.create(model=served.model, messages=history, tools=TOOLS).choices[0].message
    history.append(first)
    history.append({"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "sunny"})
    answer = openai.chat.completions.create(model=served.model, messages=history, tools=TOOLS)
    assert said(answer) == "Results: sunny"
    history += [answer.choices[0].message, {"role": "user", "content": "say: bye"}]
    assert said(openai.chat.completions.create(model=served.model, messages=history, tools=TOOLS)) == "bye"


@BOTH
def test_text_beside_a_call(openai: OpenAI, served: Served, stream: bool) -> None:
    choice = Agent(openai, served.model, stream).ask(f"think aloud and {CALL_ONE}", tools=TOOLS).choices[0]
    assert choice.message.content == "I will look it up."
    assert [call.function.name for call in choice.message.tool_calls] == ["weather"]


@pytest.mark.parametrize(
    ("how", "called"),
    [
        ({"tool_choice": "none"}, []),
        ({"tool_choice": "auto"}, ["weather", "now"]),
        ({"tool_choice": "required"}, ["weather", "now"]),
        ({"tool_choice": {"type": "function", "function": {"name": "now"}}}, ["now"]),
        ({"parallel_tool_calls": False}, ["weather"]),
        ({"parallel_tool_calls": False, "tool_choice": "required"}, ["weather"]),
        ({"parallel_tool_calls": True}, ["weather", "now"]),
    ],
    ids=str,
)
def test_the_choice_of_tools(openai: OpenAI, served: Served, how: dict[str, Any], called: list[str]) -> None:
    if how.get("parallel_tool_calls") is False:
        requires(served, Feature.ONE_CALL_AT_A_TIME)
    if isinstance(how.get("tool_choice"), dict):
        requires(served, Feature.FORCED_TOOLS)
    choice = Agent(openai, served.model, False).ask(CALL_BOTH, tools=TOOLS, **how).choices[0]
    assert [call.function.name for call in choice.message.tool_calls or []] == called
    assert choice.finish_reason == ("tool_calls" if called else "stop")


def test_interleaved_calls_are_put_together(openai: OpenAI, served: Served) -> None:
    served.account.behave(kind="answer", chunks=5, interleave=True)
    ask = f'{CALL_ONE} and call weather with {{"city":"Bern"}}'
    choice = Agent(openai, served.model, True).ask(ask, tools=TOOLS).choices[0]
    arguments = [json.loads(call.function.arguments) for call in choice.message.tool_calls]
    assert arguments == [{"city": "Zürich", "days": 3}, {"city": "Bern"}]


def test_odd_histories_of_tools(openai: OpenAI, served: Served) -> None:
    """What other servers and frameworks leave behind: empty contents and arguments, ids of every kind, parts."""
    ids = served.kind.odd_call_ids
    history = [
        {"role": "system", "content": ""},
        {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "text", "text": "there"}]},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": ids[0], "type": "function", "function": {"name": "now", "arguments": ""}},
                {"id": ids[1], "type": "function", "function": {"name": "weather", "arguments": '{"city":"Bern"}'}},
            ],
        },
        {"role": "tool", "tool_call_id": ids[0], "content": [{"type": "text", "text": "noon"}]},
        {"role": "tool", "tool_call_id": ids[1], "content": ""},
        {"role": "user", "content": "and now?"},
    ]
    assert said(Agent(openai, served.model, False).ask(history, tools=TOOLS)).startswith("Results: noon")


@needs(Feature.PICTURES_BY_URL, Feature.DOCUMENTS)
def test_pictures_and_documents(openai: OpenAI, served: Served) -> None:
    content = [
        {"type": "text", "text": "describe these"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG_BASE64}", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": PICTURE_URL}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF_BASE64}"}},
    ]
    answer = Agent(openai, served.model, False).ask([{"role": "user", "content": content}])
    name = " named a.pdf" if served.kind.has(Feature.NAMED_DOCUMENTS) else ""
    assert said(answer) == (
        f"I see image image/png of 70 bytes, image {PICTURE_URL}, document application/pdf of 15 bytes{name}"
    )


def test_an_object_of_a_class(openai: OpenAI, served: Served) -> None:
    ask: list[Any] = [{"role": "user", "content": "a tree, please"}]
    whole = openai.chat.completions.parse(model=served.model, messages=ask, response_format=Tree)
    assert whole.choices[0].message.parsed == GROWN
    with openai.chat.completions.stream(model=served.model, messages=ask, response_format=Tree) as events:
        assert events.get_final_completion().choices[0].message.parsed == GROWN


def test_an_object_of_a_schema_that_asks_for_much(openai: OpenAI, served: Served) -> None:
    """Not strict, so OpenAI takes any keyword; constrained decoding elsewhere does not."""
    schema = {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "minimum": 1, "maximum": 9},
            "s": {"type": "string", "maxLength": 10},
            "inner": {"type": "object", "properties": {"list": {"type": "array", "items": {"type": "number"}, "maxItems": 3}}},
        },
    }
    form = {"type": "json_schema", "json_schema": {"name": "much", "schema": schema}}
    answer = Agent(openai, served.model, False).ask("go", response_format=form)
    assert json.loads(said(answer)) == {"n": 7, "s": "text", "inner": {"list": [1.5]}}


def test_an_object_of_a_model_that_is_only_told_in_words(openai: OpenAI, stack: Stack) -> None:
    """Claude before 4.1 has no structured outputs."""
    ask: list[Any] = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "a tree, please"}]
    answer = openai.chat.completions.parse(model="on-anthropic-old", messages=ask, response_format=Tree)
    assert answer.choices[0].message.parsed == GROWN


def test_json_of_any_shape(openai: OpenAI, served: Served) -> None:
    answer = Agent(openai, served.model, False).ask("some JSON, please", response_format={"type": "json_object"})
    assert isinstance(json.loads(said(answer)), dict)


def test_a_tool_of_a_class(openai: OpenAI, served: Served) -> None:
    class Plant(BaseModel):
        tree: Tree

    tools = [pydantic_function_tool(Plant, name="plant")]
    arguments = json.dumps({"tree": GROWN.model_dump()})
    ask: list[Any] = [{"role": "user", "content": f"call plant with {arguments}"}]
    answer = openai.chat.completions.parse(model=served.model, messages=ask, tools=tools)
    assert answer.choices[0].message.tool_calls[0].function.parsed_arguments == Plant(tree=GROWN)


@BOTH
@needs(Feature.THOUGHTS)
@pytest.mark.parametrize("effort", ["low", "high"])
def test_thoughts(openai: OpenAI, served: Served, stream: bool, effort: str) -> None:
    answer = Agent(openai, served.thinking_model, stream).ask("say: done", reasoning_effort=effort)
    assert said(answer) == "done"
    counted = served.account.counted()["reasoning"]
    assert counted == 5
    told = answer.usage.completion_tokens_details.reasoning_tokens
    assert told == (counted if served.kind.has(Feature.COUNTED_THOUGHTS) else 0)
    if not stream and served.kind.has(Feature.TOLD_THOUGHTS):
        assert answer.choices[0].message.model_extra["reasoning_content"] == THOUGHT


@needs(Feature.THOUGHTS_OFF)
def test_no_thoughts(openai: OpenAI, served: Served) -> None:
    answer = Agent(openai, served.thinking_model, False).ask("say: done", reasoning_effort="none")
    assert said(answer) == "done"
    assert "reasoning_content" not in (answer.choices[0].message.model_extra or {})


def test_tools_while_thinking(openai: OpenAI, served: Served) -> None:
    """The agent cannot send back the seal of a thought that it was never given; the call must work all the same."""
    history: list[Any] = [{"role": "user", "content": CALL_ONE}]
    ask: dict[str, Any] = {"tools": TOOLS, "reasoning_effort": "medium"}
    agent = Agent(openai, served.thinking_model, False)
    call = agent.ask(history, **ask).choices[0].message.tool_calls[0]
    calls = [{"id": call.id, "type": "function", "function": call.function.model_dump(include={"name", "arguments"})}]
    history.append({"role": "assistant", "content": None, "tool_calls": calls})
    history.append({"role": "tool", "tool_call_id": call.id, "content": "sunny"})
    assert said(agent.ask(history, **ask)) == "Results: sunny"


@needs(Feature.FORCED_TOOLS)
def test_a_forced_tool_while_thinking(openai: OpenAI, served: Served) -> None:
    choice = {"type": "function", "function": {"name": "now"}}
    answer = Agent(openai, served.thinking_model, False).ask(
        CALL_BOTH, tools=TOOLS, tool_choice=choice, reasoning_effort="medium"
    )
    assert [call.function.name for call in answer.choices[0].message.tool_calls] == ["now"]


@BOTH
def test_why_an_answer_ends(openai: OpenAI, served: Served, stream: bool) -> None:
    agent = Agent(openai, served.model, stream)
    answer = agent.ask("say: one two three four", stop=["three", "never"])
    assert (said(answer), answer.choices[0].finish_reason) == ("one two ", "stop")
    served.account.behave(kind="answer", finish="filtered")
    if not stream and served.kind.has(Feature.TOLD_FILTERS):  # The helper raises.
        assert agent.ask("say: something").choices[0].finish_reason == "content_filter"


@pytest.mark.parametrize("bound", ["max_tokens", "max_completion_tokens"])
def test_a_bound_on_the_answer(openai: OpenAI, served: Served, bound: str) -> None:
    answer = Agent(openai, served.model, False).ask("say: one two three four", **{bound: 2})
    assert (said(answer), answer.choices[0].finish_reason) == ("one two", "length")
    stream = openai.chat.completions.create(
        model=served.model, messages=[{"role": "user", "content": "say: one two three"}], stream=True, **{bound: 2}
    )
    assert list(stream)[-1].choices[0].finish_reason == "length"


@BOTH
def test_a_refusal(openai: OpenAI, served: Served, stream: bool) -> None:
    ask: dict[str, Any] = {"model": served.model, "messages": [{"role": "user", "content": "refuse"}]}
    if stream:
        chunks = list(openai.chat.completions.create(**ask, stream=True))
        refusal = "".join(chunk.choices[0].delta.refusal or "" for chunk in chunks)
        finish = chunks[-1].choices[0].finish_reason
    else:
        choice = openai.chat.completions.create(**ask).choices[0]
        refusal, finish = choice.message.refusal, choice.finish_reason
    assert (refusal or None) == (REFUSAL if served.kind.has(Feature.TOLD_REFUSALS) else None)
    assert finish == served.kind.refusal_ends


@BOTH
def test_usage_is_exact(openai: OpenAI, served: Served, stream: bool) -> None:
    served.account.behave(kind="answer", cached_tokens=11, cache_write_tokens=7, cache_write_1h_tokens=3)
    usage = Agent(openai, served.model, stream).ask("say: one two three " + "x " * 100).usage
    counted = served.account.counted()
    assert counted["cached"] == 11
    assert usage.prompt_tokens == counted["input"]
    assert usage.completion_tokens == counted["output"]
    assert usage.total_tokens == counted["input"] + counted["output"]
    assert usage.prompt_tokens_details.cached_tokens == 11
    if served.kind.has(Feature.COUNTED_CACHE_WRITES):
        assert usage.prompt_tokens_details.cache_write_tokens == 7


def test_instructions(openai: OpenAI, served: Served) -> None:
    history = [
        {"role": "developer", "content": "You are terse."},
        {"role": "system", "content": [{"type": "text", "text": "You are kind."}]},
        {"role": "user", "content": "say: yes"},
    ]
    assert said(Agent(openai, served.model, False).ask(history)) == "yes"
    instructions = json.dumps(served.kind.instructions(served.account.got()))
    assert instructions.index("You are terse.") < instructions.index("You are kind.")


@needs(Feature.BEGUN_ANSWERS)
def test_an_answer_that_the_agent_began(openai: OpenAI, served: Served) -> None:
    history = [{"role": "user", "content": "Name a city."}, {"role": "assistant", "content": "The city is "}]
    assert said(Agent(openai, served.model, False).ask(history)).startswith(" and so on after The city is")


def test_turns_of_one_role_in_a_row(openai: OpenAI, served: Served) -> None:
    history = [
        {"role": "user", "content": "one"},
        {"role": "user", "content": "two"},
        {"role": "assistant", "content": "three"},
        {"role": "assistant", "content": "four"},
        {"role": "user", "content": "say: five"},
    ]
    assert said(Agent(openai, served.model, False).ask(history)) == "five"


def test_parameters_that_only_openai_has(openai: OpenAI, served: Served) -> None:
    """None of them changes what the answer means, so each is taken everywhere, and left out where it has no place."""
    more: dict[str, Any] = {
        "temperature": 1.7,
        "top_p": 0.9,
        "seed": 7,
        "presence_penalty": 0.5,
        "frequency_penalty": 0.5,
        "logit_bias": {"50256": -1},
        "user": "user-1",
        "metadata": {"a": "b"},
        "store": False,
        "service_tier": "default",
        "prompt_cache_key": "k",
        "n": 1,
    }
    assert said(Agent(openai, served.model, False).ask("say: yes", **more)) == "yes"


def test_parameters_that_a_new_claude_does_not_take(openai: OpenAI, stack: Stack) -> None:
    agent = Agent(openai, "on-anthropic-new", False)
    assert said(agent.ask("say: yes", temperature=0.2, top_p=0.5)) == "yes"
    assert said(agent.ask("say: yes", reasoning_effort="medium", temperature=0.2)) == "yes"
    got = stack.accounts["anthropic-strict"].got()
    assert got["thinking"] == {"type": "adaptive"}, "the newer families think without a budget"


def test_several_answers_at_once(openai: OpenAI, served: Served) -> None:
    """Nobody gets one answer who asked for two: a provider that cannot refuses."""
    if served.kind.has(Feature.SEVERAL_ANSWERS):
        pytest.skip("its format has it")
    with pytest.raises(sdk.BadRequestError) as raised:
        Agent(openai, served.model, False).ask("hi", n=2)
    assert raised.value.param == "n"
    assert served.account.received() == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, sdk.BadRequestError),
        (404, sdk.NotFoundError),
        (409, sdk.ConflictError),
        (413, sdk.APIStatusError),
        (429, sdk.RateLimitError),
        (500, sdk.InternalServerError),
        (503, sdk.InternalServerError),
        (529, sdk.InternalServerError),
    ],
)
@BOTH
def test_errors(openai: OpenAI, served: Served, status: int, error: Any, stream: bool) -> None:
    served.account.behave(kind="status", status=status, message="in the provider's words", retry_after=7)
    model = f"{served.model}-openai-{status}-{'stream' if stream else 'whole'}"
    with pytest.raises(error) as raised:
        openai.chat.completions.create(
            model=model, messages=[{"role": "user", "content": "hi"}], stream=stream
        )
    seen = raised.value
    assert isinstance(seen.body, dict) and seen.type, seen.response.text
    assert status in served.kind.own_words or "in the provider's words" in seen.message
    # OpenAI has no 529.
    assert seen.status_code == status or (status, seen.status_code) == (529, 503)
    if status == 429:
        assert seen.response.headers["retry-after"] == "7"
        # Where the provider has a code of its own, the agent gets that.
        assert seen.code == ("RESOURCE_EXHAUSTED" if served.kind.speaks == "gemini" else "rate_limit_exceeded")


def test_every_answer_has_the_id_that_the_record_has(openai: OpenAI, served: Served) -> None:
    answer = openai.chat.completions.create(model=served.model, messages=[{"role": "user", "content": "hi"}])
    assert answer._request_id
    served.account.behave(kind="status", status=400)
    with pytest.raises(sdk.BadRequestError) as raised:
        Agent(openai, served.model, False).ask("hi")
    assert raised.value.request_id


def test_a_call_that_is_too_long(openai: OpenAI, served: Served) -> None:
    served.account.behave(
        kind="status", status=400, message="prompt is too long: 9 tokens > 8 maximum", code="context_length_exceeded"
    )
    with pytest.raises(sdk.BadRequestError, match="too long"):
        Agent(openai, served.model, False).ask("hi")


def test_a_key_that_the_provider_refuses_is_not_the_agents(openai: OpenAI, served: Served) -> None:
    served.account.behave(kind="status", status=401)
    with pytest.raises(sdk.InternalServerError) as raised:
        Agent(openai, served.model, False).ask("hi")
    assert raised.value.code == "upstream_credential_refused"


@pytest.mark.parametrize("ending", ["error", "truncated", "broken", "half_event"])
def test_a_stream_that_does_not_end_well_raises(openai: OpenAI, served: Served, ending: str) -> None:
    """The first words were passed on, so nothing can take over: the agent must learn that the answer is not whole."""
    served.account.behave(kind="answer", text="word " * 50, ending={"kind": ending, "after_events": 9})
    seen = ""
    with pytest.raises((sdk.APIError, Exception)) as raised:
        for chunk in openai.chat.completions.create(
            model=served.model, messages=[{"role": "user", "content": "hi"}], stream=True
        ):
            seen += chunk.choices[0].delta.content or ""
            assert chunk.choices[0].finish_reason is None
    assert "Assertion" not in type(raised.value).__name__
    assert seen.startswith("word ")


def test_after_a_cancelled_stream_the_next_call_works(openai: OpenAI, served: Served) -> None:
    served.account.behave(kind="answer", text="word " * 200, between_chunks_ms=50)
    ask: dict[str, Any] = {"model": served.model, "messages": [{"role": "user", "content": "say: yes"}]}
    with openai.chat.completions.create(**ask, stream=True) as stream:
        seen = [next(stream) for _ in range(3)]
    assert "word" in str(seen)
    served.account.behave(kind="answer")
    assert said(openai.chat.completions.create(**ask)) == "yes"


def test_the_agents_token_and_oddities_stay_here(openai: OpenAI, served: Served) -> None:
    openai.chat.completions.create(
        model=served.model,
        messages=[{"role": "user", "content": "hi"}],
        extra_headers={"OpenAI-Organization": "org-of-the-agent", "x-api-key": TOKEN},
    )
    [received] = served.account.received()
    assert PROVIDER_KEY in str(received)
    assert TOKEN not in str(received)
    names = {name for name, _ in received["headers"]}
    assert "openai-organization" not in names
    assert ("anthropic-version" in names) == ("anthropic-version" in served.kind.own_headers)


@pytest.mark.skipif(not os.environ.get("SDK_TEST_LONG"), reason="only with SDK_TEST_LONG: some seconds each")
def test_a_slow_stream(openai: OpenAI, served: Served) -> None:
    served.account.behave(kind="answer", text="a b c d", between_chunks_ms=1500)
    assert said(Agent(openai, served.model, True).ask("hi")) == "a b c d"
