"""Anthropic's SDK against each kind of provider. The accounts are as strict as the real ones, and the SDK validates."""

from __future__ import annotations

import base64
import json
from typing import Any

import anthropic as sdk
import pytest
from anthropic import Anthropic

from kinds import Feature
from material import (
    CALL_BOTH,
    CALL_ONE,
    CUTS,
    EMPTY_SCHEMA,
    GROWN,
    ODD_TEXT,
    PDF_BASE64,
    PICTURE_URL,
    PNG_BASE64,
    THOUGHT,
    WEATHER_SCHEMA,
    Tree,
    cut_id,
)
from stack import PROVIDER_KEY, TOKEN, Served, needs, requires

TOOLS: list[Any] = [
    {"name": "weather", "description": "w", "input_schema": WEATHER_SCHEMA},
    {"name": "now", "input_schema": EMPTY_SCHEMA},
]
THINKING: dict[str, Any] = {"max_tokens": 4000, "thinking": {"type": "enabled", "budget_tokens": 2000}}
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
# With the newest version of the API, which the SDK asks for, Anthropic refuses what the older one takes.
OLDER = {"anthropic-version": "2023-06-01"}


class Agent:
    """An agent that asks one model, whole or streamed, and gets the same message either way."""

    def __init__(self, client: Anthropic, model: str, stream: bool) -> None:
        self.client, self.model, self.stream = client, model, stream

    def ask(self, said: str | list[Any], **more: Any) -> Any:
        messages = [{"role": "user", "content": said}] if isinstance(said, str) else said
        ask = {"model": self.model, "max_tokens": 3000, "messages": messages, **more}
        if not self.stream:
            return self.client.messages.create(**ask)
        with self.client.messages.stream(**ask) as events:
            return events.get_final_message()


def said(answer: Any) -> str:
    return "".join(block.text for block in answer.content if block.type == "text")


def calls_of(answer: Any) -> list[Any]:
    return [block for block in answer.content if block.type == "tool_use"]


def assert_both_called(answer: Any) -> None:
    assert answer.stop_reason == "tool_use"
    calls = calls_of(answer)
    assert [(call.name, call.input) for call in calls] == [("weather", {"city": "Zürich", "days": 3}), ("now", {})]
    assert calls[0].id and calls[1].id and calls[0].id != calls[1].id


@BOTH
def test_text_arrives_as_it_was_said(anthropic: Anthropic, served: Served, stream: bool) -> None:
    answer = Agent(anthropic, served.model, stream).ask(f"say: {ODD_TEXT}")
    assert said(answer) == ODD_TEXT
    assert (answer.type, answer.role, answer.stop_reason, answer.stop_sequence) == (
        "message",
        "assistant",
        "end_turn",
        None,
    )
    assert answer.model and answer.id


@pytest.mark.parametrize("cut", CUTS, ids=cut_id)
def test_a_stream_says_the_same_however_it_is_cut(anthropic: Anthropic, served: Served, cut: dict[str, Any]) -> None:
    served.account.behave(kind="answer", text=ODD_TEXT, chunks=7, **cut)
    assert said(Agent(anthropic, served.model, True).ask("hi")) == ODD_TEXT
    assert_both_called(Agent(anthropic, served.model, True).ask(CALL_BOTH, tools=TOOLS))


def test_a_long_text_is_whole(anthropic: Anthropic, served: Served) -> None:
    text = "日本 🎉 wörd " * 20_000
    served.account.behave(kind="answer", text=text, chunks=400)
    for stream in (False, True):
        assert said(Agent(anthropic, served.model, stream).ask("hi")) == text


def test_a_stream_has_the_shape_of_anthropics(anthropic: Anthropic, served: Served) -> None:
    """One block at a time, numbered without gaps, each begun and ended; and one end."""
    events = list(
        anthropic.messages.create(
            model=served.model,
            max_tokens=100,
            messages=[{"role": "user", "content": f"think aloud and {CALL_BOTH}"}],
            tools=TOOLS,
            stream=True,
        )
    )
    kinds = [event.type for event in events if event.type != "ping"]
    assert kinds[0] == "message_start" and kinds[-2:] == ["message_delta", "message_stop"]
    assert kinds.count("message_delta") == kinds.count("message_stop") == 1
    open_block = None
    blocks = []
    for event in events:
        if event.type == "content_block_start":
            assert open_block is None and event.index == len(blocks)
            open_block = event.index
            blocks.append(event.content_block.type)
        elif event.type == "content_block_delta":
            assert event.index == open_block
        elif event.type == "content_block_stop":
            assert event.index == open_block
            open_block = None
    said = ["text"] if served.kind.has(Feature.BARE_CALLS) else ["text", "thinking"]
    assert blocks == [*said, "tool_use", "tool_use"]
    start = events[0].message
    assert (start.content, start.stop_reason, start.stop_sequence) == ([], None, None)


@BOTH
def test_tools_are_called_and_answered(anthropic: Anthropic, served: Served, stream: bool) -> None:
    """Two calls at once, one without arguments; then their results, in every form, with text beside them."""
    agent = Agent(anthropic, served.model, stream)
    history: list[Any] = [{"role": "user", "content": CALL_BOTH}]
    ask: dict[str, Any] = {"tools": TOOLS, "system": "You are terse."}
    first = agent.ask(history, **ask)
    assert_both_called(first)
    results: list[Any] = [
        {"type": "tool_result", "tool_use_id": calls_of(first)[0].id, "content": [{"type": "text", "text": "sunny ☀"}]},
        {"type": "tool_result", "tool_use_id": calls_of(first)[1].id, "content": "noon"},
        {"type": "text", "text": "and be kind"},
    ]
    history += [{"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    second = agent.ask(history, **ask)
    assert (said(second), second.stop_reason) == ("Results: sunny ☀ | noon", "end_turn")
    assert "and be kind" in str(served.account.got())
    history += [{"role": "assistant", "content": second.content}, {"role": "user", "content": CALL_BOTH}]
    assert_both_called(agent.ask(history, **ask))


def test_a_tool_that_failed(anthropic: Anthropic, served: Served) -> None:
    agent = Agent(anthropic, served.model, False)
    history: list[Any] = [{"role": "user", "content": CALL_ONE}]
    first = agent.ask(history, tools=TOOLS)
    result = {"type": "tool_result", "tool_use_id": calls_of(first)[0].id, "content": "no such city", "is_error": True}
    history += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    answer = said(agent.ask(history, tools=TOOLS))
    assert "no such city" in answer
    assert "error" in answer.lower(), "the model is told that it failed"


@needs(Feature.PICTURES)
def test_pictures_in_the_result_of_a_tool(anthropic: Anthropic, served: Served) -> None:
    agent = Agent(anthropic, served.model, False)
    history: list[Any] = [{"role": "user", "content": CALL_BOTH}]
    first = agent.ask(history, tools=TOOLS)
    picture = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG_BASE64}}
    results = [
        {"type": "tool_result", "tool_use_id": calls_of(first)[0].id, "content": [{"type": "text", "text": "a"}, picture]},
        {"type": "tool_result", "tool_use_id": calls_of(first)[1].id},
    ]
    history += [{"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    answer = said(agent.ask(history, tools=TOOLS))
    assert answer.startswith("Results: a")
    assert "I see image image/png of 70 bytes" in answer


@BOTH
def test_text_beside_a_call(anthropic: Anthropic, served: Served, stream: bool) -> None:
    answer = Agent(anthropic, served.model, stream).ask(f"think aloud and {CALL_ONE}", tools=TOOLS)
    kinds = [block.type for block in answer.content]
    if not served.kind.has(Feature.BARE_CALLS):
        kinds.remove("thinking")
    assert kinds == ["text", "tool_use"]
    assert said(answer) == "I will look it up."


@pytest.mark.parametrize(
    ("choice", "called"),
    [
        ({"type": "none"}, []),
        ({"type": "auto"}, ["weather", "now"]),
        ({"type": "any"}, ["weather", "now"]),
        ({"type": "tool", "name": "now"}, ["now"]),
        ({"type": "auto", "disable_parallel_tool_use": True}, ["weather"]),
        ({"type": "any", "disable_parallel_tool_use": True}, ["weather"]),
    ],
    ids=str,
)
def test_the_choice_of_tools(anthropic: Anthropic, served: Served, choice: Any, called: list[str]) -> None:
    if "disable_parallel_tool_use" in choice:
        requires(served, Feature.ONE_CALL_AT_A_TIME)
    if choice["type"] == "tool":
        requires(served, Feature.FORCED_TOOLS)
    answer = Agent(anthropic, served.model, False).ask(CALL_BOTH, tools=TOOLS, tool_choice=choice)
    assert [call.name for call in calls_of(answer)] == called
    assert answer.stop_reason == ("tool_use" if called else "end_turn")


@needs(Feature.INTERLEAVED_CALLS)
def test_interleaved_calls_are_put_in_order(anthropic: Anthropic, served: Served) -> None:
    served.account.behave(kind="answer", chunks=5, interleave=True)
    ask = f'{CALL_ONE} and call weather with {{"city":"Bern"}}'
    answer = Agent(anthropic, served.model, True).ask(ask, tools=TOOLS)
    assert [call.input for call in calls_of(answer)] == [{"city": "Zürich", "days": 3}, {"city": "Bern"}]


@needs(Feature.PICTURES_BY_URL, Feature.DOCUMENTS)
def test_pictures_and_documents(anthropic: Anthropic, served: Served) -> None:
    pdf = {"type": "base64", "media_type": "application/pdf", "data": PDF_BASE64}
    content = [
        {"type": "text", "text": "describe these"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG_BASE64}},
        {"type": "image", "source": {"type": "url", "url": PICTURE_URL}},
        {"type": "document", "title": "a.pdf", "source": pdf},
    ]
    answer = Agent(anthropic, served.model, False).ask([{"role": "user", "content": content}])
    name = " named a.pdf" if served.kind.has(Feature.NAMED_DOCUMENTS) else ""
    assert said(answer) == (
        f"I see image image/png of 70 bytes, image {PICTURE_URL}, document application/pdf of 15 bytes{name}"
    )


@needs(Feature.DOCUMENTS)
def test_documents_without_a_name_and_of_text(anthropic: Anthropic, served: Served) -> None:
    pdf = {"type": "base64", "media_type": "application/pdf", "data": PDF_BASE64}
    plain = {"type": "text", "media_type": "text/plain", "data": "the whole truth"}
    content = [
        {"type": "document", "source": pdf},
        {"type": "document", "title": "t", "source": plain},
        {"type": "text", "text": "describe these"},
    ]
    answer = Agent(anthropic, served.model, False).ask([{"role": "user", "content": content}])
    assert "document application/pdf of 15 bytes" in said(answer)
    got = json.dumps(served.account.got())
    assert "the whole truth" in got or base64.b64encode(b"the whole truth").decode() in got


def test_an_object_of_a_class(anthropic: Anthropic, served: Served) -> None:
    ask: dict[str, Any] = {
        "model": served.model,
        "max_tokens": 100,
        "messages": [{"role": "user", "content": "a tree, please"}],
        "output_format": Tree,
    }
    assert anthropic.messages.parse(**ask).parsed_output == GROWN
    with anthropic.messages.stream(**ask) as events:
        assert events.get_final_message().parsed_output == GROWN


OPTIONAL: dict[str, Any] = {
    "type": "object",
    "properties": {"must": {"type": "string"}, "may": {"type": "string"}},
    "required": ["must"],
    "additionalProperties": False,
}


def test_an_object_with_a_field_that_may_be_missing(anthropic: Anthropic, served: Served) -> None:
    """Anthropic's schemas may have optional fields; what OpenAI calls strict may not."""
    form = {"format": {"type": "json_schema", "schema": OPTIONAL}}
    answer = Agent(anthropic, served.model, False).ask("go", output_config=form)
    assert json.loads(said(answer))["must"] == "text"


def test_a_strict_tool_with_a_field_that_may_be_missing(anthropic: Anthropic, served: Served) -> None:
    tool = {"name": "weather", "strict": True, "input_schema": OPTIONAL}
    answer = Agent(anthropic, served.model, False).ask('call weather with {"must":"x"}', tools=[tool])
    assert calls_of(answer)[0].input == {"must": "x"}


@BOTH
@needs(Feature.THOUGHTS)
def test_thoughts(anthropic: Anthropic, served: Served, stream: bool) -> None:
    answer = Agent(anthropic, served.thinking_model, stream).ask("say: done", **THINKING)
    assert said(answer) == "done"
    thoughts = [block for block in answer.content if block.type == "thinking"]
    assert [block.thinking for block in thoughts] == ([THOUGHT] if served.kind.has(Feature.TOLD_THOUGHTS) else [])
    assert answer.content[-1].type == "text"
    assert served.account.counted()["reasoning"] == 5
    assert answer.usage.output_tokens == served.account.counted()["output"]


@BOTH
def test_tools_while_thinking(anthropic: Anthropic, served: Served, stream: bool) -> None:
    """What the model thought is sent back with its seal, as Anthropic wants it."""
    agent = Agent(anthropic, served.thinking_model, stream)
    history: list[Any] = [{"role": "user", "content": CALL_BOTH}]
    first = agent.ask(history, tools=TOOLS, **THINKING)
    assert_both_called(first)
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": result}
        for call, result in zip(calls_of(first), ["sunny", "noon"])
    ]
    history += [{"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    assert said(agent.ask(history, tools=TOOLS, **THINKING)) == "Results: sunny | noon"


def test_thoughts_that_nobody_may_read(anthropic: Anthropic, served: Served) -> None:
    agent = Agent(anthropic, served.thinking_model, False)
    history: list[Any] = [{"role": "user", "content": "think in secret"}]
    first = agent.ask(history, **THINKING)
    history += [{"role": "assistant", "content": first.content}, {"role": "user", "content": "say: yes"}]
    assert said(agent.ask(history, **THINKING)) == "yes"


@pytest.mark.parametrize("effort", ["low", "medium", "high", "max"])
def test_effort(anthropic: Anthropic, served: Served, effort: str) -> None:
    more: dict[str, Any] = {"thinking": {"type": "adaptive"}, "output_config": {"effort": effort}}
    assert said(Agent(anthropic, served.adaptive_model, False).ask("say: done", **more)) == "done"


@BOTH
def test_why_an_answer_ends(anthropic: Anthropic, served: Served, stream: bool) -> None:
    agent = Agent(anthropic, served.model, stream)
    answer = agent.ask("say: one two three four", stop_sequences=["three", "never"])
    assert said(answer) == "one two "
    assert answer.stop_reason == ("stop_sequence" if served.kind.has(Feature.TOLD_STOP_SEQUENCES) else "end_turn")
    assert answer.stop_sequence == ("three" if served.kind.has(Feature.NAMED_STOP_SEQUENCES) else None)
    answer = agent.ask("say: one two three", max_tokens=2)
    assert (said(answer), answer.stop_reason) == ("one two", "max_tokens")
    assert agent.ask("refuse").stop_reason == ("refusal" if served.kind.tells_refusals else "end_turn")
    requires(served, Feature.TOLD_FILTERS)
    served.account.behave(kind="answer", finish="filtered")
    assert agent.ask("say: something").stop_reason == "refusal"


@BOTH
def test_usage_is_exact(anthropic: Anthropic, served: Served, stream: bool) -> None:
    served.account.behave(kind="answer", cached_tokens=11, cache_write_tokens=7, cache_write_1h_tokens=3)
    usage = Agent(anthropic, served.model, stream).ask("say: one two three " + "x " * 100).usage
    counted = served.account.counted()
    read = 11 if served.kind.has(Feature.COUNTED_CACHE_READS) else 0
    written = 7 if served.kind.has(Feature.COUNTED_CACHE_WRITES) else 0
    assert usage.input_tokens == counted["input"] - read - written
    assert (usage.cache_read_input_tokens or 0) == read
    assert (usage.cache_creation_input_tokens or 0) == written
    assert usage.output_tokens == counted["output"]


def test_usage_of_a_stream_is_complete_at_its_end(anthropic: Anthropic, served: Served) -> None:
    """Where many clients read it, and only there."""
    served.account.behave(kind="answer", cached_tokens=11)
    ask: dict[str, Any] = {"model": served.model, "max_tokens": 100, "messages": [{"role": "user", "content": "hi " * 60}]}
    [delta] = [event for event in anthropic.messages.create(**ask, stream=True) if event.type == "message_delta"]
    counted = served.account.counted()
    read = 11 if served.kind.has(Feature.COUNTED_CACHE_READS) else 0
    assert delta.usage.input_tokens == counted["input"] - read
    assert (delta.usage.cache_read_input_tokens or 0) == read
    assert delta.usage.output_tokens == counted["output"]


@pytest.mark.parametrize(
    "system",
    ["You are terse.", [{"type": "text", "text": "You are terse.", "cache_control": {"type": "ephemeral"}}]],
    ids=["text", "blocks"],
)
def test_instructions(anthropic: Anthropic, served: Served, system: Any) -> None:
    assert said(Agent(anthropic, served.model, False).ask("say: yes", system=system)) == "yes"
    assert "You are terse." in json.dumps(served.kind.instructions(served.account.got()))


@needs(Feature.BEGUN_ANSWERS)
def test_an_answer_that_the_agent_began(anthropic: Anthropic, served: Served) -> None:
    history = [{"role": "user", "content": "Name a city."}, {"role": "assistant", "content": "The city is"}]
    assert said(Agent(anthropic, served.model, False).ask(history)) == " and so on after The city is"


def test_turns_of_one_role_in_a_row(anthropic: Anthropic, served: Served) -> None:
    history = [
        {"role": "user", "content": "one"},
        {"role": "user", "content": [{"type": "text", "text": "two"}]},
        {"role": "assistant", "content": "three"},
        {"role": "user", "content": "say: five"},
    ]
    assert said(Agent(anthropic, served.model, False).ask(history)) == "five"


def test_parameters_that_only_anthropic_has(anthropic: Anthropic, served: Served) -> None:
    """None of them changes what the answer means, so each is taken everywhere, and left out where it has no place."""
    more: dict[str, Any] = {
        "metadata": {"user_id": json.dumps({"device": "d" * 64, "session": "s" * 64})},
        "service_tier": "auto",
        "cache_control": {"type": "ephemeral"},
        "extra_body": {"temperature": 0.5, "top_k": 5},
        "extra_headers": OLDER,
    }
    assert said(Agent(anthropic, served.model, False).ask("say: yes", **more)) == "yes"


def test_sampling_for_a_model_that_takes_none(anthropic: Anthropic, served: Served) -> None:
    if served.kind.speaks == "anthropic":
        pytest.skip("Anthropic refuses it itself")
    more: dict[str, Any] = {"extra_body": {"temperature": 0.5, "top_p": 0.5}, "extra_headers": OLDER}
    assert said(Agent(anthropic, served.thinking_model, False).ask("say: yes", **more)) == "yes"


def test_what_claude_code_sends(anthropic: Anthropic, served: Served) -> None:
    """Its first call, in small: beta path and headers, marks of the cache, tools without a type, a large budget."""
    ask = {
        "model": served.thinking_model,
        "max_tokens": 32_000,
        "stream": True,
        "thinking": {"type": "enabled", "budget_tokens": 31_999},
        "metadata": {"user_id": "user_" + "0" * 64 + "_account__session_" + "1" * 36},
        "system": [
            {"type": "text", "text": "You are Claude Code.", "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
        ],
        "tools": TOOLS,
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "<system-reminder>x</system-reminder>"},
                    {"type": "text", "text": CALL_BOTH, "cache_control": {"type": "ephemeral"}},
                ],
            }
        ],
    }
    betas = {"anthropic-beta": "claude-code-20250219,interleaved-thinking-2025-05-14", "x-app": "cli", **OLDER}
    with anthropic.messages.stream(
        **{name: value for name, value in ask.items() if name != "stream"},  # type: ignore[arg-type]
        extra_headers=betas,
        extra_query={"beta": "true"},
    ) as events:
        assert_both_called(events.get_final_message())
    names = {name for name, _ in served.account.received()[0]["headers"]}
    assert names & {"anthropic-beta", "anthropic-version"} == served.kind.own_headers


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
def test_errors(anthropic: Anthropic, served: Served, status: int, error: Any, stream: bool) -> None:
    served.account.behave(kind="status", status=status, message="in the provider's words", retry_after=7)
    model = f"{served.model}-anthropic-{status}-{'stream' if stream else 'whole'}"
    with pytest.raises(error) as raised:
        anthropic.messages.create(
            model=model, max_tokens=9, messages=[{"role": "user", "content": "hi"}], stream=stream
        )
    seen = raised.value
    assert isinstance(seen.body, dict), seen.response.text
    assert (seen.body["type"], seen.body["error"]["type"]) == ("error", KINDS[status])
    assert status in served.kind.own_words or "in the provider's words" in seen.body["error"]["message"]
    assert seen.status_code in (status, 529 if status == 503 else status)
    if status == 429:
        assert seen.response.headers["retry-after"] == "7"
    assert seen.request_id


KINDS = {
    400: "invalid_request_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    503: "overloaded_error",
    529: "overloaded_error",
}


def test_a_call_that_is_too_long(anthropic: Anthropic, served: Served) -> None:
    served.account.behave(
        kind="status", status=400, message="prompt is too long: 9 tokens > 8 maximum", code="context_length_exceeded"
    )
    with pytest.raises(sdk.BadRequestError, match="too long"):
        Agent(anthropic, served.model, False).ask("hi")


def test_a_key_that_the_provider_refuses_is_not_the_agents(anthropic: Anthropic, served: Served) -> None:
    served.account.behave(kind="status", status=401)
    with pytest.raises(sdk.InternalServerError):
        Agent(anthropic, served.model, False).ask("hi")


@pytest.mark.parametrize("ending", ["error", "truncated", "broken", "half_event"])
def test_a_stream_that_does_not_end_well_raises(anthropic: Anthropic, served: Served, ending: str) -> None:
    """The first words were passed on, so nothing can take over: the agent must learn that the answer is not whole."""
    served.account.behave(kind="answer", text="word " * 50, ending={"kind": ending, "after_events": 9})
    seen = ""
    whole = False
    with pytest.raises((sdk.APIError, Exception)) as raised:
        for event in anthropic.messages.create(
            model=served.model, max_tokens=99, messages=[{"role": "user", "content": "hi"}], stream=True
        ):
            if event.type == "content_block_delta":
                seen += event.delta.text
            whole = whole or event.type in ("message_delta", "message_stop")
    assert seen.startswith("word ") and not whole, raised.value


def test_after_a_cancelled_stream_the_next_call_works(anthropic: Anthropic, served: Served) -> None:
    served.account.behave(kind="answer", text="word " * 200, between_chunks_ms=50)
    ask: dict[str, Any] = {"model": served.model, "max_tokens": 99, "messages": [{"role": "user", "content": "say: yes"}]}
    with anthropic.messages.stream(**ask) as stream:
        assert next(stream.text_stream).startswith("word")
    served.account.behave(kind="answer")
    assert said(anthropic.messages.create(**ask)) == "yes"


def test_the_agents_token_and_oddities_stay_here(anthropic: Anthropic, served: Served) -> None:
    Agent(anthropic, served.model, False).ask("hi", extra_headers={"x-api-key": TOKEN, "anthropic-beta": "a-beta"})
    [received] = served.account.received()
    assert PROVIDER_KEY in str(received)
    assert TOKEN not in str(received)
    names = {name for name, _ in received["headers"]}
    assert names & {"anthropic-beta", "anthropic-version"} == served.kind.own_headers


def test_tokens_are_counted_by_the_provider_or_estimated(anthropic: Anthropic, served: Served) -> None:
    messages: list[Any] = [{"role": "user", "content": "How many tokens are in this text? " * 20}]
    counted = anthropic.messages.with_raw_response.count_tokens(model=served.model, messages=messages)
    assert 80 < counted.parse().input_tokens < 400
    assert ("x-broker-estimated" in counted.headers) != served.kind.counts_tokens
    assert bool(served.account.received()) == served.kind.counts_tokens
