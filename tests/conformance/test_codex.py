"""Codex on each kind of provider, as docs/clients.md sets it up. It needs nothing from outside then.

It asks by OpenAI's Responses API alone.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_lines import Machine
from material import ODD_TEXT
from stack import TOKEN, Served, Stack

SCRIPT = "@openai/codex/bin/codex.js"
CONFIG = """
model = "{model}"
model_provider = "broker"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
# OpenAI's own, which no other provider has.
web_search = "disabled"

[analytics]
enabled = false

[model_providers.broker]
name = "Model Broker"
base_url = "{url}/v1"
env_key = "BROKER_TOKEN"
wire_api = "responses"
# Only the tests': a retry would hide what they ask about.
request_max_retries = 0
stream_max_retries = 0
"""


class Codex(Machine):
    def ask(self, prompt: str) -> str:
        """Asks without a conversation; the last thing that the model says comes back."""
        said = self.home / "said.txt"
        ran = self.run("exec", "--skip-git-repo-check", "--output-last-message", str(said), prompt)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return said.read_text()


@pytest.fixture
def codex(stack: Stack, served: Served, tmp_path: Path) -> Codex:
    return set_up(stack, served.thinking_model, tmp_path)


def set_up(stack: Stack, model: str, home: Path) -> Codex:
    codex = Codex(home / "codex", SCRIPT, {"BROKER_TOKEN": TOKEN})
    (codex.home / ".codex").mkdir()
    (codex.home / ".codex" / "config.toml").write_text(CONFIG.format(model=model, url=stack.url))
    return codex


def test_a_prompt_is_answered(codex: Codex, served: Served) -> None:
    assert codex.ask(f"say: {ODD_TEXT}") == ODD_TEXT
    assert TOKEN not in str(served.account.received())


def test_a_tool_is_run(codex: Codex) -> None:
    command = {"cmd": "echo made > made.txt; echo the-result"}
    said = codex.ask(f"call exec_command with {json.dumps(command)}")
    assert said.startswith("Results: ") and "the-result" in said
    assert (codex.project / "made.txt").read_text() == "made\n"


def test_what_the_provider_refuses_is_said_in_its_words(stack: Stack, served: Served, tmp_path: Path) -> None:
    served.account.behave(kind="status", status=400, message="in the provider's words")
    codex = set_up(stack, f"on-{served.kind.name}-openai-400-stream", tmp_path)
    ran = codex.run("exec", "--skip-git-repo-check", "say: yes")
    assert ran.returncode != 0
    assert "in the provider's words" in ran.stdout + ran.stderr
