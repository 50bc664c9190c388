"""The official clients of the running broker, as agents have them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from anthropic import Anthropic
from openai import OpenAI

from stack import TOKEN, Stack, pytest_collection_modifyitems, pytest_configure, running, served, stack

__all__ = ["pytest_collection_modifyitems", "pytest_configure", "running", "served", "stack"]


@pytest.fixture
def openai(stack: Stack) -> Iterator[OpenAI]:
    """OpenAI's client, as an agent has it but for its retries, which would hide what a test asks about."""
    with openai_client(stack, TOKEN) as client:
        yield client


@pytest.fixture
def anthropic(stack: Stack) -> Iterator[Anthropic]:
    """Anthropic's client; its base URL is without `/v1`."""
    with anthropic_client(stack, TOKEN) as client:
        yield client


def openai_client(stack: Stack, token: str) -> OpenAI:
    return OpenAI(
        base_url=f"{stack.url}/v1",
        api_key=token,
        max_retries=0,
        timeout=10,
        _strict_response_validation=True,
    )


def anthropic_client(stack: Stack, token: str, path: str = "", **more: Any) -> Anthropic:
    return Anthropic(
        base_url=f"{stack.url}{path}",
        api_key=token,
        max_retries=0,
        timeout=10,
        _strict_response_validation=True,
        **more,
    )
