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
    PICTURES = "pictures"
    THOUGHTS = "thoughts"
    """A model that is told to think does."""
    TOLD_FILTERS = "told-filters"
    """That a filter ended an answer."""
    COUNTED_CACHE_READS = "counted-cache-reads"
    INTERLEAVED_CALLS = "interleaved-calls"
    """Calls of tools come in pieces."""
    BARE_CALLS = "bare-calls"
    """Calls of tools come without words on what they are for."""
    CHAT = "chat"
    """OpenAI's chat to the letter. What is asked in that format passes as it is, and so does what such a server answers in
    manners of its own: tests/providers has those."""


# All tests of all suites on each kind would take half an hour. A kind with a format of its own has them all; one that shares
# its format with another entry has these, and none of those in JavaScript.
REPRESENTATIVE = {
    # The SDKs
    "test_text_arrives_as_it_was_said",
    "test_tools_are_called_and_answered",
    "test_tools_while_thinking",
    "test_an_object_of_a_class",
    "test_pictures_and_documents",
    "test_thoughts",
    "test_usage_is_exact",
    "test_errors",
    "test_a_stream_that_does_not_end_well_raises",
    "test_what_claude_code_sends",
    "test_what_the_provider_refuses_is_said_in_its_words",
    "test_the_agents_token_and_oddities_stay_here",
    "test_the_agents_token_stays_here",
    "test_tokens_are_counted_by_the_provider_or_estimated",
    # Frameworks and command lines
    "test_the_agent_of_langchain",
    "test_the_agent_of_llama_index",
    "test_a_tool_is_run",
}


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
    own_headers: frozenset[str] = frozenset()
    """Those of Anthropic's headers that its calls have."""
    own_words: frozenset[int] = frozenset()
    """The statuses that it has a fixed text for."""
    odd_call_ids: tuple[str, str] = ("call_1.2|x", "call-é")
    """Ids of calls from elsewhere that it takes, or that the broker makes fit. In its own format they pass as they are."""

    is_relative: bool = False
    """Whether another entry has its format. What is in REPRESENTATIVE is enough for it."""

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

    @property
    def counts_tokens(self) -> bool:
        """Whether the provider counts the tokens of a call that it is not to answer: Anthropic, Google and OpenAI do, and
        Bedrock for Claude."""
        return self.speaks in ("anthropic", "gemini") or self.provider["kind"] == "openai"

    @property
    def tells_refusals(self) -> bool:
        """Whether an agent learns that the model refused."""
        return self.has(Feature.TOLD_REFUSALS) or self.refusal_ends == "content_filter"

    def instructions(self, body: dict[str, Any]) -> Any:
        """The instructions of a call that this provider got."""
        if self.instructed_in != "messages":
            return body[self.instructed_in]
        return [message for message in body["messages"] if message["role"] in ("system", "developer")]


GOOGLE_LACKS = frozenset(
    {
        Feature.TOLD_STOP_SEQUENCES,
        Feature.NAMED_STOP_SEQUENCES,
        Feature.COUNTED_CACHE_WRITES,
        Feature.ONE_CALL_AT_A_TIME,
        Feature.TOLD_REFUSALS,
        Feature.NAMED_DOCUMENTS,
        Feature.BEGUN_ANSWERS,
        Feature.SEVERAL_ANSWERS,
    }
)

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
        own_headers=frozenset({"anthropic-beta", "anthropic-version"}),
    ),
    Kind(
        "compatible",
        {"kind": "openai-compatible"},
        "compatible",
        "qwen3-32b",
        odd_call_ids=("call_1.2|x", "call-e"),
    ),
    Kind(
        "gemini",
        {"kind": "gemini"},
        "gemini",
        "gemini-2.5-flash",
        adaptive_model="gemini-3-pro-preview",
        speaks="gemini",
        instructed_in="systemInstruction",
        refusal_ends="content_filter",
        lacks=GOOGLE_LACKS,
    ),
    Kind(
        "bedrock",
        {"kind": "bedrock", "region": "eu-central-1"},
        "bedrock",
        "eu.amazon.nova-pro-v1:0",
        thinking_model="openai.gpt-oss-120b-1:0",
        speaks="converse",
        instructed_in="system",
        refusal_ends="content_filter",
        lacks=frozenset(
            {
                Feature.SEVERAL_ANSWERS,
                Feature.PICTURES_BY_URL,
                Feature.NAMED_STOP_SEQUENCES,
                Feature.TOLD_REFUSALS,
                Feature.COUNTED_THOUGHTS,
                Feature.THOUGHTS_OFF,
                Feature.FORCED_TOOLS,
                Feature.ONE_CALL_AT_A_TIME,
            }
        ),
    ),
    Kind(
        "bedrock-claude",
        {"kind": "bedrock", "region": "eu-central-1"},
        "bedrock",
        "eu.anthropic.claude-sonnet-4-5-20250929-v1:0",
        adaptive_model="eu.anthropic.claude-opus-4-7",
        speaks="anthropic",
        instructed_in="system",
        refusal_ends="content_filter",
        lacks=frozenset({Feature.SEVERAL_ANSWERS, Feature.PICTURES_BY_URL}),
        is_relative=True,
    ),
    Kind(
        "mistral",
        {"kind": "mistral"},
        "mistral",
        "mistral-large-2512",
        thinking_model="mistral-medium-3.5",
        speaks="mistral",
        lacks=frozenset(
            {
                Feature.SEVERAL_ANSWERS,
                Feature.TOLD_STOP_SEQUENCES,
                Feature.NAMED_STOP_SEQUENCES,
                Feature.COUNTED_CACHE_WRITES,
                Feature.TOLD_REFUSALS,
                Feature.NAMED_DOCUMENTS,
            }
        ),
    ),
    Kind(
        "azure",
        {"kind": "azure-openai"},
        "azure",
        "gpt-4o",
        thinking_model="gpt-5-mini",
        lacks=frozenset(
            {Feature.CHAT, Feature.TOLD_THOUGHTS, Feature.TOLD_STOP_SEQUENCES, Feature.NAMED_STOP_SEQUENCES}
        ),
        own_words=frozenset({404}),
        odd_call_ids=("call_12", "call-e"),
        is_relative=True,
    ),
    Kind(
        "cohere",
        {"kind": "cohere"},
        "cohere",
        "command-a-03-2025",
        thinking_model="command-a-reasoning-08-2025",
        speaks="cohere",
        lacks=frozenset(
            {
                Feature.SEVERAL_ANSWERS,
                Feature.DOCUMENTS,
                Feature.PICTURES,
                Feature.NAMED_STOP_SEQUENCES,
                Feature.COUNTED_CACHE_WRITES,
                Feature.COUNTED_THOUGHTS,
                Feature.ONE_CALL_AT_A_TIME,
                Feature.TOLD_REFUSALS,
                Feature.TOLD_FILTERS,
                Feature.BARE_CALLS,
            }
        ),
    ),
    Kind(
        "vertex",
        {"kind": "vertex", "project": "my-project-1", "location": "europe-west4"},
        "vertex",
        "gemini-2.5-flash",
        adaptive_model="gemini-3-pro-preview",
        speaks="gemini",
        instructed_in="systemInstruction",
        refusal_ends="content_filter",
        lacks=GOOGLE_LACKS,
        is_relative=True,
    ),
    Kind(
        "vertex-claude",
        {"kind": "vertex", "project": "my-project-1", "location": "europe-west4"},
        "vertex",
        "claude-sonnet-4-5@20250929",
        adaptive_model="claude-opus-4-7",
        speaks="anthropic",
        instructed_in="system",
        refusal_ends="content_filter",
        lacks=frozenset({Feature.SEVERAL_ANSWERS}),
        own_headers=frozenset({"anthropic-beta"}),
        is_relative=True,
    ),
    Kind(
        "vllm",
        {"kind": "openai-compatible", "dialect": "vllm"},
        "vllm",
        "qwen3-32b",
        lacks=frozenset({Feature.CHAT, Feature.COUNTED_CACHE_READS, Feature.COUNTED_CACHE_WRITES}),
        is_relative=True,
    ),
    Kind(
        "ollama",
        {"kind": "openai-compatible", "dialect": "ollama"},
        "ollama",
        "qwen3-32b",
        lacks=frozenset(
            {
                Feature.CHAT,
                Feature.INTERLEAVED_CALLS,
                Feature.TOLD_STOP_SEQUENCES,
                Feature.NAMED_STOP_SEQUENCES,
            }
        ),
        is_relative=True,
    ),
    Kind(
        "llama.cpp",
        {"kind": "openai-compatible", "dialect": "llama.cpp"},
        "llamacpp",
        "qwen3-32b",
        lacks=frozenset({Feature.CHAT, Feature.TOLD_STOP_SEQUENCES, Feature.NAMED_STOP_SEQUENCES}),
        own_words=frozenset({503}),
        is_relative=True,
    ),
    Kind(
        "tgi",
        {"kind": "openai-compatible", "dialect": "tgi"},
        "tgi",
        "qwen3-32b",
        speaks="tgi",
        refusal_ends="content_filter",
        lacks=frozenset(
            {
                Feature.SEVERAL_ANSWERS,
                Feature.DOCUMENTS,
                Feature.THOUGHTS,
                Feature.TOLD_THOUGHTS,
                Feature.COUNTED_THOUGHTS,
                Feature.ONE_CALL_AT_A_TIME,
                Feature.TOLD_STOP_SEQUENCES,
                Feature.NAMED_STOP_SEQUENCES,
            }
        ),
        is_relative=True,
    ),
]
