"""Claude Code on each kind of provider, as docs/clients.md sets it up. It needs nothing from outside then."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from command_lines import Machine
from material import ODD_TEXT
from stack import TOKEN, Served, Stack

SCRIPT = "@anthropic-ai/claude-code/cli-wrapper.cjs"


class ClaudeCode(Machine):
    def ask(self, prompt: str, *more: str, **environment: str) -> dict[str, Any]:
        """Asks without a conversation; what comes back tells the result, its usage and whether it failed."""
        ran = self.run("-p", prompt, "--output-format", "json", *more, **environment)
        assert ran.stdout.startswith("{"), ran.stdout + ran.stderr
        return json.loads(ran.stdout)


@pytest.fixture
def claude(stack: Stack, served: Served, tmp_path: Path) -> ClaudeCode:
    """It asks every model to think; this one does."""
    return set_up(stack, served.thinking_model, tmp_path)


def set_up(stack: Stack, model: str, home: Path, token: str = TOKEN) -> ClaudeCode:
    environment = {
        "ANTHROPIC_BASE_URL": stack.url,
        "ANTHROPIC_AUTH_TOKEN": token,
        "ANTHROPIC_MODEL": model,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": model,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        # Only the tests': a retry would hide what they ask about.
        "CLAUDE_CODE_MAX_RETRIES": "0",
    }
    return ClaudeCode(home / "claude", SCRIPT, environment)


@pytest.mark.parametrize("which", ["model", "adaptive_model"])
def test_a_prompt_is_answered(stack: Stack, served: Served, tmp_path: Path, which: str) -> None:
    answer = set_up(stack, getattr(served, which), tmp_path).ask(f"say: {ODD_TEXT}")
    assert (answer["is_error"], answer["result"]) == (False, ODD_TEXT), answer
    counted = served.account.counted()
    assert answer["usage"]["input_tokens"] == counted["input"]
    assert answer["usage"]["output_tokens"] == counted["output"]
    assert TOKEN not in str(served.account.received())


def test_a_tool_is_run(claude: ClaudeCode) -> None:
    command = {"command": "echo made > made.txt; echo the-result", "description": "makes a file"}
    answer = claude.ask(f"call Bash with {json.dumps(command)}", "--allowedTools", "Bash")
    assert (answer["is_error"], answer["result"], answer["num_turns"]) == (False, "Results: the-result", 2), answer
    assert (claude.project / "made.txt").read_text() == "made\n"


def test_a_conversation_goes_on(claude: ClaudeCode) -> None:
    """What was said, thought and called before goes back with the next prompt."""
    (claude.project / "there.txt").write_text("what is there\n")
    ask = {"file_path": str(claude.project / "there.txt")}
    first = claude.ask(f"call Read with {json.dumps(ask)}", "--allowedTools", "Read")
    assert "what is there" in first["result"], first
    assert claude.ask("say: bye", "--continue")["result"] == "bye"


def test_an_answer_piece_by_piece(stack: Stack, served: Served, tmp_path: Path) -> None:
    served.account.behave(kind="answer", text=ODD_TEXT, chunks=7, split=5)
    claude = set_up(stack, served.model, tmp_path)
    ran = claude.run("-p", "hi", "--output-format", "stream-json", "--verbose", "--include-partial-messages")
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    deltas = [event["event"].get("delta", {}).get("text", "") for event in events if event["type"] == "stream_event"]
    assert "".join(deltas) == ODD_TEXT
    assert len([delta for delta in deltas if delta]) > 1


def test_what_the_provider_refuses_is_said_in_its_words(stack: Stack, served: Served, tmp_path: Path) -> None:
    served.account.behave(kind="status", status=400, message="in the provider's words")
    answer = set_up(stack, f"on-{served.kind.name}-anthropic-400-stream", tmp_path).ask("say: yes")
    assert answer["is_error"]
    assert "in the provider's words" in answer["result"]


def test_a_token_that_nobody_has(stack: Stack, tmp_path: Path) -> None:
    answer = set_up(stack, "on-anthropic", tmp_path, token="nobody").ask("say: yes")
    assert answer["is_error"]
    assert "401" in answer["result"]


def test_the_size_of_a_conversation(stack: Stack, served: Served, tmp_path: Path) -> None:
    """It counts with `/v1/messages/count_tokens` where that answers, and estimates where it does not."""
    assert "System prompt" in set_up(stack, served.model, tmp_path).ask("/context")["result"]
