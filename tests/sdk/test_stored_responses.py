"""Responses that OpenAI keeps, as an agent with its SDK goes on with them and looks at them."""

from __future__ import annotations

from typing import Any

import openai as sdk
import pytest
from openai import OpenAI

from stack import KEPT_MODEL, Stack

ACCOUNTS = ("openai-a", "openai-b")


def ask(client: OpenAI, stream: bool, **more: Any) -> Any:
    if not stream:
        return client.responses.create(model=KEPT_MODEL, **more)
    with client.responses.stream(model=KEPT_MODEL, **more) as events:
        return events.get_final_response()


def counts(stack: Stack) -> list[int]:
    return sorted(len(stack.accounts[name].received()) for name in ACCOUNTS)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_conversation_stays_where_it_is_kept(openai: OpenAI, stack: Stack, stream: bool) -> None:
    answer = ask(openai, stream, input="Hello")
    for turn in range(4):
        before, answer = answer, ask(openai, stream, input=f"turn {turn}", previous_response_id=answer.id)
        assert answer.previous_response_id == before.id
    assert counts(stack) == [0, 5]


def test_a_response_is_retrieved_listed_and_deleted(openai: OpenAI, stack: Stack) -> None:
    made = openai.responses.create(model=KEPT_MODEL, input="keep this")
    assert openai.responses.retrieve(made.id).to_dict() == made.to_dict()
    with openai.responses.retrieve(made.id, stream=True) as events:
        assert [event.response.id for event in events] == [made.id]
    items: list[Any] = list(openai.responses.input_items.list(made.id))
    assert [item.content[0].text for item in items] == ["keep this"]
    with pytest.raises(sdk.BadRequestError):
        openai.responses.cancel(made.id)
    openai.responses.delete(made.id)
    with pytest.raises(sdk.NotFoundError):
        openai.responses.retrieve(made.id)
    with pytest.raises(sdk.BadRequestError) as refused:
        openai.responses.create(model=KEPT_MODEL, input="go on", previous_response_id=made.id)
    assert (refused.value.code, refused.value.param) == ("previous_response_not_found", "previous_response_id")
    assert counts(stack) == [0, 8]


def test_what_nobody_keeps_is_not_found(openai: OpenAI, stack: Stack) -> None:
    for unknown in ("resp_0123", f"resp_broker_{'0' * 32}_0123"):
        with pytest.raises(sdk.NotFoundError) as missing:
            openai.responses.retrieve(unknown)
        assert missing.value.code == "response_not_found"
        with pytest.raises(sdk.BadRequestError) as refused:
            openai.responses.create(model=KEPT_MODEL, input="go on", previous_response_id=unknown)
        assert refused.value.code == "previous_response_not_found"
    assert counts(stack) == [0, 0]
    translated = openai.responses.create(model="on-anthropic", input="Hello")
    with pytest.raises(sdk.BadRequestError) as refused:
        openai.responses.create(model="on-anthropic", input="go on", previous_response_id=translated.id)
    assert (refused.value.code, refused.value.param) == ("unsupported_by_provider", "previous_response_id")
