"""LangChain with each of its clients, on each kind of provider."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import add
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI

from kinds import Feature
from material import CALL_BOTH, GROWN, ODD_TEXT, PNG_BASE64, Tree
from stack import TOKEN, Served, Stack, needs


@tool
def weather(city: str, days: int = 1) -> str:
    """The weather of a city."""
    return f"sunny in {city} for {days} days"


@tool
def now() -> str:
    """The time."""
    return "noon"


TOOLS = [weather, now]
RESULTS = "Results: sunny in Zürich for 3 days | noon"


def of_openai(stack: Stack, model: str) -> BaseChatModel:
    return ChatOpenAI(model=model, base_url=f"{stack.url}/v1", api_key=TOKEN, max_retries=0, stream_usage=True)


def of_anthropic(stack: Stack, model: str) -> BaseChatModel:
    return ChatAnthropic(model=model, base_url=stack.url, api_key=TOKEN, max_retries=0, max_tokens=3000)


def of_openai_responses(stack: Stack, model: str) -> BaseChatModel:
    return ChatOpenAI(
        model=model, base_url=f"{stack.url}/v1", api_key=TOKEN, max_retries=0, use_responses_api=True, store=False
    )


CLIENTS = [
    pytest.param(of_openai, id="openai"),
    pytest.param(of_openai_responses, id="openai-responses"),
    pytest.param(of_anthropic, id="anthropic"),
]


@pytest.fixture(params=CLIENTS)
def llm(request: pytest.FixtureRequest, stack: Stack, served: Served) -> BaseChatModel:
    return request.param(stack, served.model)


def together(chunks: Iterable[Any]) -> Any:
    """A stream put together as LangChain's users do it."""
    return reduce(add, chunks)


def assert_counted(message: Any, served: Served) -> None:
    counted = served.account.counted()
    assert message.usage_metadata["input_tokens"] == counted["input"]
    assert message.usage_metadata["output_tokens"] == counted["output"]


def test_invoke(llm: BaseChatModel, served: Served) -> None:
    answer = llm.invoke([("system", "Be terse."), ("user", f"say: {ODD_TEXT}")])
    assert answer.text == ODD_TEXT
    assert_counted(answer, served)


def test_stream(llm: BaseChatModel, served: Served) -> None:
    served.account.behave(kind="answer", text=ODD_TEXT, chunks=7, split=5, cached_tokens=11)
    chunks = list(llm.stream("hi " * 60))
    whole = together(chunks)
    assert whole.text == ODD_TEXT
    assert len([chunk for chunk in chunks if chunk.text]) > 1
    assert_counted(whole, served)
    assert whole.usage_metadata["input_token_details"]["cache_read"] == 11


def test_calls_at_the_same_time(llm: BaseChatModel) -> None:
    asked = [f"say: {number}" for number in range(8)]
    assert [answer.text for answer in llm.batch(asked)] == [str(number) for number in range(8)]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_tools_in_two_turns(llm: BaseChatModel, stream: bool) -> None:
    """The loop by hand: the message with the calls goes back as LangChain made it."""
    agent = llm.bind_tools(TOOLS)

    def ask(messages: list[Any]) -> Any:
        return together(agent.stream(messages)) if stream else agent.invoke(messages)

    history: list[Any] = [HumanMessage(CALL_BOTH)]
    first = ask(history)
    called = [(call["name"], call["args"]) for call in first.tool_calls]
    assert called == [("weather", {"city": "Zürich", "days": 3}), ("now", {})]
    assert first.invalid_tool_calls == []
    history.append(first)
    by_name = {tool.name: tool for tool in TOOLS}
    for call in first.tool_calls:
        history.append(ToolMessage(by_name[call["name"]].invoke(call["args"]), tool_call_id=call["id"]))
    second = ask(history)
    assert second.text == RESULTS
    history += [second, HumanMessage("say: bye")]
    assert ask(history).text == "bye"


def test_the_agent_of_langchain(llm: BaseChatModel) -> None:
    agent = create_agent(llm, TOOLS, system_prompt="You are terse.")
    messages = agent.invoke({"messages": [HumanMessage(CALL_BOTH)]})["messages"]
    assert [message.type for message in messages] == ["human", "ai", "tool", "tool", "ai"]
    assert messages[-1].text == RESULTS


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_an_object_of_a_class(llm: BaseChatModel, method: str) -> None:
    # With tools the simulated model has to be told the arguments; with a schema it makes an object that fits.
    asked = f"call Tree with {GROWN.model_dump_json()}"
    assert llm.with_structured_output(Tree, method=method).invoke(asked) == GROWN


@needs(Feature.PICTURES)
def test_a_picture(llm: BaseChatModel) -> None:
    picture = {"type": "image", "source_type": "base64", "mime_type": "image/png", "data": PNG_BASE64}
    answer = llm.invoke([HumanMessage([{"type": "text", "text": "describe it"}, picture])])
    assert answer.text == "I see image image/png of 70 bytes"


def test_thoughts_between_calls(stack: Stack, served: Served) -> None:
    """What the model thought goes back to it with its seal."""
    thinking = {"type": "enabled", "budget_tokens": 2000}
    llm = ChatAnthropic(
        model=served.thinking_model, base_url=stack.url, api_key=TOKEN, max_retries=0, max_tokens=4000, thinking=thinking
    )
    agent = create_agent(llm, TOOLS)
    assert agent.invoke({"messages": [HumanMessage(CALL_BOTH)]})["messages"][-1].text == RESULTS
