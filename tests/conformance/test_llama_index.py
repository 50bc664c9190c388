"""LlamaIndex with each of its two clients, on each kind of provider."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from llama_index.core.agent.workflow import AgentStream, FunctionAgent
from llama_index.core.llms import ChatMessage, LLMMetadata
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools import FunctionTool
from llama_index.llms.anthropic import Anthropic
from llama_index.llms.openai_like import OpenAILike

from kinds import Feature
from material import CALL_BOTH, GROWN, ODD_TEXT, Tree
from stack import TOKEN, Served, Stack, requires


def weather(city: str, days: int = 1) -> str:
    """The weather of a city."""
    return f"sunny in {city} for {days} days"


def now() -> str:
    """The time."""
    return "noon"


TOOLS = [FunctionTool.from_defaults(weather), FunctionTool.from_defaults(now)]


def of_openai(stack: Stack, model: str) -> Any:
    return OpenAILike(
        model=model,
        api_base=f"{stack.url}/v1",
        api_key=TOKEN,
        is_chat_model=True,
        is_function_calling_model=True,
        context_window=128_000,
        max_retries=0,
    )


class AnyModel(Anthropic):
    """LlamaIndex looks a model's context up in a list of Anthropic's own names, and raises for any other name: give
    the broker's models such names, or do this."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(context_window=200_000, is_chat_model=True, is_function_calling_model=True, model_name=self.model)


def of_anthropic(stack: Stack, model: str) -> Any:
    return AnyModel(model=model, base_url=stack.url, api_key=TOKEN, max_retries=0, max_tokens=3000)


@pytest.fixture(params=[of_openai, of_anthropic], ids=["openai", "anthropic"])
def llm(request: pytest.FixtureRequest, stack: Stack, served: Served) -> Any:
    if request.param is of_openai:
        requires(served, Feature.CHAT)
    return request.param(stack, served.model)


def asked(text: str) -> list[ChatMessage]:
    return [ChatMessage(role="system", content="You are terse."), ChatMessage(role="user", content=text)]


def test_chat(llm: Any) -> None:
    assert llm.chat(asked(f"say: {ODD_TEXT}")).message.content == ODD_TEXT


def test_stream(llm: Any, served: Served) -> None:
    served.account.behave(kind="answer", text=ODD_TEXT, chunks=7, split=5)
    chunks = list(llm.stream_chat(asked("hi")))
    assert "".join(chunk.delta or "" for chunk in chunks) == ODD_TEXT
    assert chunks[-1].message.content == ODD_TEXT
    assert len([chunk for chunk in chunks if chunk.delta]) > 1


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_tools_are_called(llm: Any, stream: bool) -> None:
    ask: dict[str, Any] = {"tools": TOOLS, "user_msg": CALL_BOTH, "allow_parallel_tool_calls": True}
    answer = list(llm.stream_chat_with_tools(**ask))[-1] if stream else llm.chat_with_tools(**ask)
    calls = llm.get_tool_calls_from_response(answer)
    assert [(call.tool_name, call.tool_kwargs) for call in calls] == [
        ("weather", {"city": "Zürich", "days": 3}),
        ("now", {}),
    ]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_the_agent_of_llama_index(llm: Any, stream: bool) -> None:
    """It asks, runs the tools and asks again; that the results come back in either order is its own doing."""

    async def run() -> tuple[str, list[str]]:
        agent = FunctionAgent(tools=TOOLS, llm=llm, system_prompt="You are terse.", streaming=stream)
        handler = agent.run(CALL_BOTH)
        pieces = [event.delta async for event in handler.stream_events() if isinstance(event, AgentStream)]
        return str(await handler), pieces

    answer, pieces = asyncio.run(run())
    said, _, results = answer.partition(": ")
    assert said == "Results"
    assert sorted(results.split(" | ")) == ["noon", "sunny in Zürich for 3 days"]
    assert answer in "".join(pieces) or not stream


def test_an_object_of_a_class(llm: Any) -> None:
    prompt = PromptTemplate("call Tree with {tree}")
    assert llm.structured_predict(Tree, prompt, tree=GROWN.model_dump_json()) == GROWN
