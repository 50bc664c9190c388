"""The kinds of providers that every conformance test runs on, in all suites. To add a kind, add its entry here.

Whoever serves a call, its agent must not be able to tell. Where it can, since a provider's API has no word for something,
the entry says so and the tests expect it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Feature(str, Enum):
    """What the API of a provider may lack. A test that needs it says so (`needs` in stack.py), or expects the difference."""

    TOLD_THOUGHTS = "told-thoughts"
    COUNTED_THOUGHTS = "counted-thoughts"
    THOUGHTS_OFF = "thoughts-off"
    """A model that thinks can be told not to."""
    TOLD_STOP_SEQUENCES = "told-stop-sequences"
    """Whether a stop sequence ended an answer."""
    NAMED_STOP_SEQUENCES = "named-stop-sequences"
    """Which one did."""
    TOLD_REFUSALS = "told-refusals"
    """The words of a refusal."""
    FORCED_TOOLS = "forced-tools"
    """A choice of one tool by its name."""
    ONE_CALL_AT_A_TIME = "one-call-at-a-time"
    COUNTED_CACHE_WRITES = "counted-cache-writes"
    SEVERAL_ANSWERS = "several-answers"
    """`n` above 1."""
    PICTURES_BY_URL = "pictures-by-url"
    DOCUMENTS = "documents"
    NAMED_DOCUMENTS = "named-documents"
    BEGUN_ANSWERS = "begun-answers"
    """An agent writes the beginning of the answer."""


@dataclass(frozen=True)
class Kind:
    """A kind of provider: how the broker is told of it, how it is simulated, and what its API cannot say."""

    name: str
    """In the ids of tests. Its account is `NAME-strict`; agents ask for `on-NAME` and `on-NAME-thinking`."""
    provider: dict[str, Any]
    """Its keys in the broker's configuration but for name, endpoint and credential, which all have."""
    vendor: str
    """Whose manners its account has: the simulator's `--vendor`."""
    model: str
    thinking_model: str = ""
    """The model that thinks, where `model` does not."""
    adaptive_model: str = ""
    """The model that thinks without a budget, where the thinking one does not."""
    speaks: str = "openai"
    """The format of its API: of calls in the same format it judges most itself."""
    instructed_in: str = "messages"
    """Where its calls have the instructions: `messages` are those of the system or developer there."""
    lacks: frozenset[Feature] = frozenset()
    refusal_ends: str = "stop"
    """The `finish_reason` of a refusal."""
    odd_call_ids: tuple[str, str] = ("call_1.2|x", "call-é")
    """Ids of calls from elsewhere that it takes, or that the broker makes fit. In its own format they pass as they are."""

    @property
    def account(self) -> str:
        return f"{self.name}-strict"

    @property
    def served_as(self) -> dict[str, str]:
        """The models that agents may ask for, each with the provider's name for it."""
        thinking = self.thinking_model or self.model
        return {
            f"on-{self.name}": self.model,
            f"on-{self.name}-thinking": thinking,
            f"on-{self.name}-adaptive": self.adaptive_model or thinking,
        }

    def has(self, feature: Feature) -> bool:
        return feature not in self.lacks

    def instructions(self, body: dict[str, Any]) -> Any:
        """The instructions of a call that this provider got."""
        if self.instructed_in != "messages":
            return body[self.instructed_in]
        return [message for message in body["messages"] if message["role"] in ("system", "developer")]


KINDS = [
    Kind(
        "openai",
        {"kind": "openai"},
        "openai",
        "gpt-4o",
        thinking_model="gpt-5-mini",
        lacks=frozenset({Feature.TOLD_THOUGHTS, Feature.TOLD_STOP_SEQUENCES, Feature.NAMED_STOP_SEQUENCES}),
        odd_call_ids=("call_12", "call-e"),
    ),
    Kind(
        "anthropic",
        {"kind": "anthropic"},
        "anthropic",
        "claude-sonnet-4-5",
        adaptive_model="claude-opus-4-7",
        speaks="anthropic",
        instructed_in="system",
        lacks=frozenset({Feature.SEVERAL_ANSWERS}),
        refusal_ends="content_filter",
    ),
    Kind(
        "compatible",
        {"kind": "openai-compatible"},
        "compatible",
        "qwen3-32b",
        odd_call_ids=("call_1.2|x", "call-e"),
    ),
]
