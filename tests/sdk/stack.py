"""The broker on a real Envoy with simulated providers behind it, for every suite of clients to talk to.

Binaries come from the environment, as scripts/test.sh sets it: BROKER_BIN and SIMULATOR_BIN (target/debug if unset), and
what `broker up` needs itself, ENVOY_BIN and MODEL_BROKER_WASM.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kinds import KINDS, REPRESENTATIVE, Feature, Kind

ROOT = Path(__file__).resolve().parents[2]
DEBUG = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"

TOKEN = "sdk-test-token"
PROVIDER_KEY = "sk-the-provider-s-own-key"

# What the agents ask for. `failing` is an account that never answers, so it stands in no pool but those that begin with it.
CHAT_MODEL = "primary-llm"
FAILOVER_MODEL = "pair-llm"
FAILING_MODEL = "failing-llm"
CLAUDE_MODEL = "claude-sonnet-4-6"
# Two accounts in turn, each of which knows its own responses only.
KEPT_MODEL = "kept-llm"
MODELS = {CHAT_MODEL, FAILOVER_MODEL, FAILING_MODEL, CLAUDE_MODEL}

# The accounts that are nobody's, besides one of each kind, which is as strict as the real ones.
PLAIN = {"openai-a": "openai", "openai-b": "openai", "failing": "openai", "anthropic-a": "anthropic"}

CONFIG = """
providers:
{providers}
pools:
  - name: pair
    routing: priority-weighted
    failover: up to 1
    members:
      - {{provider: failing, model: gpt-5-mini, priority: 0}}
      - {{provider: openai-b, model: gpt-5-mini, priority: 1}}
  - name: keepers
    members:
      - {{provider: openai-a, model: gpt-5-mini}}
      - {{provider: openai-b, model: gpt-5-mini}}
  - name: pair-vectors
    members:
      - {{provider: failing, model: text-embedding-3-small, priority: 0}}
      - {{provider: openai-strict, model: text-embedding-3-small, priority: 1}}
models:
{models}
  - {{name: vectors, pool: pair-vectors}}
  - {{name: kept-llm, pool: keepers}}
  - {{name: openai-files-there, targets: [{{provider: openai-strict, model: gpt-4o}}]}}
  - {{name: anthropic-files-there, targets: [{{provider: anthropic-strict, model: claude-sonnet-4-6}}]}}
  - {{name: on-anthropic-old, targets: [{{provider: anthropic-strict, model: claude-sonnet-4-0}}]}}
  - {{name: on-anthropic-new, targets: [{{provider: anthropic-strict, model: claude-opus-4-7}}]}}
  - {{name: primary-llm, targets: [{{provider: openai-a, model: gpt-5-mini}}]}}
  - {{name: failing-llm, targets: [{{provider: failing, model: gpt-5-mini}}]}}
  - {{name: pair-llm, pool: pair}}
  - {{name: claude-sonnet-4-6, targets: [{{provider: anthropic-a}}]}}
identity: {{tokens: true}}
tenants:
  - {{name: acme}}
workspaces:
  - {{name: sdk, tenant: acme}}
agents:
  - {{name: sdk-bot, workspace: sdk, token_sha256: {digest}}}
prices:
  gpt-5-mini: {{input: 0.25, output: 2}}
  claude-sonnet-4-6: {{input: 3, output: 15}}
"""


def configuration(ports: dict[str, int]) -> str:
    """The broker's configuration, for accounts at these ports."""
    providers: list[Any] = [{"name": name, "kind": kind} for name, kind in PLAIN.items()]
    providers += [{"name": kind.account, **kind.provider} for kind in KINDS]
    for provider in providers:
        provider.setdefault("endpoint", f"http://127.0.0.1:{ports[provider['name']]}")
        provider.setdefault("credential", {"env": "SDK_TEST_KEY"})
    models = [
        {"name": name, "targets": [{"provider": kind.account, "model": model}]}
        for kind in KINDS
        for name, model in [*kind.served_as.items(), *erring(kind).items()]
    ]
    digest = hashlib.sha256(TOKEN.encode()).hexdigest()
    return CONFIG.format(providers=listed(providers), models=listed(models), digest=digest)


def erring(kind: Kind) -> dict[str, str]:
    """Each error that an account answers with has a model of its own there: what the broker learns of that model, such
    as how long to wait, says nothing of another one."""
    return {
        f"on-{kind.name}-{api}-{status}-{way}": f"{kind.model}-{api}-{status}-{way}"
        for api in ("openai", "anthropic")
        for status in (400, 404, 409, 413, 429, 500, 503, 529)
        for way in ("whole", "stream")
    }


def listed(items: list[Any]) -> str:
    """A list in YAML, of which JSON is a part."""
    return "\n".join(f"  - {json.dumps(item)}" for item in items)


class Account:
    """A simulated provider account, steered over HTTP. tests/simulator/behaviour.rs says what it can do."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port = free_port()

    def behave(self, **behaviour: Any) -> None:
        """Every call from now on is treated so."""
        self._control("POST", "behaviour", {"default": behaviour})

    def received(self) -> list[dict[str, Any]]:
        """The calls that arrived since the test began."""
        return self._control("GET", "received")

    def got(self) -> Any:
        """The body of the newest call."""
        return json.loads(self.received()[-1]["body"])

    def counted(self) -> dict[str, int]:
        """The tokens of the newest call, as the account counted them."""
        return self.received()[-1]["usage"]

    def reset(self) -> None:
        self.behave(kind="answer")
        self._control("DELETE", "received")

    def _control(self, method: str, what: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/_simulator/{what}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=5) as response:
            return json.load(response)


class Stack:
    """What the tests need to know of what runs."""

    def __init__(self, url: str, accounts: dict[str, Account]) -> None:
        self.url = url
        self.accounts = accounts


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(features): left out for kinds of providers that lack one of them")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what a kind of provider need not be asked, since another has its format."""

    def is_asked(item: pytest.Item) -> bool:
        kind = item.callspec.params.get("served") if isinstance(item, pytest.Function) and hasattr(item, "callspec") else None
        return kind is None or not kind.is_relative or item.function.__name__ in REPRESENTATIVE

    left_out = [item for item in items if not is_asked(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if is_asked(item)]


def requires(served: Served, feature: Feature) -> None:
    """Leaves out the rest of a test where its kind of provider cannot do this."""
    if not served.kind.has(feature):
        pytest.skip(f"{served.kind.name} lacks {feature.value}")


def needs(*features: Feature) -> pytest.MarkDecorator:
    """Leaves a test out for kinds of providers that cannot do this."""
    return pytest.mark.needs(*features)


@dataclass(frozen=True)
class Served:
    """By whom a call is served, and under which models."""

    kind: Kind
    account: Account
    model: str
    thinking_model: str
    adaptive_model: str


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def served(request: pytest.FixtureRequest, stack: Stack) -> Served:
    """Each kind of provider that has what the test needs."""
    kind: Kind = request.param
    for mark in request.node.iter_markers("needs"):
        missing = [feature.value for feature in mark.args if not kind.has(feature)]
        if missing:
            pytest.skip(f"{kind.name} lacks {', '.join(missing)}")
    return Served(kind, stack.accounts[kind.account], *kind.served_as)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The simulator and the broker, for the whole session."""
    with started_stack(tmp_path_factory.mktemp("broker")) as stack:
        yield stack


@pytest.fixture
def stack(running: Stack) -> Stack:
    """The running broker, with every account as it should be and none of it called."""
    for account in running.accounts.values():
        account.reset()
    running.accounts["failing"].behave(kind="status", status=503)
    return running


@contextmanager
def started_stack(directory: Path) -> Iterator[Stack]:
    """The simulator and the broker, with their files in this directory."""
    # A proxy of the machine's must not stand between a test and its own machine.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    accounts = {name: Account(name) for name in (*PLAIN, *(kind.account for kind in KINDS))}
    listen, admin, status = free_port(), free_port(), free_port()
    config = directory / "broker.yaml"
    config.write_text(configuration({name: account.port for name, account in accounts.items()}))

    simulator = [binary("SIMULATOR_BIN", "provider-simulator")]
    for account in accounts.values():
        simulator += ["--account", f"{account.name}@127.0.0.1:{account.port}"]
    for kind in KINDS:
        simulator += ["--vendor", f"{kind.account}={kind.vendor}"]
    broker = [binary("BROKER_BIN", "broker"), "up", "--config", str(config)]
    broker += ["--listen", f"127.0.0.1:{listen}", "--admin", f"127.0.0.1:{admin}"]
    broker += ["--status", f"127.0.0.1:{status}"]
    broker += ["--access-log", str(directory / "access.log"), "--concurrency", "1"]
    with ExitStack() as processes:
        processes.enter_context(started(simulator, directory / "simulator.log", "simulators ready"))
        processes.enter_context(started(broker, directory / "broker.log", "broker ready"))
        yield Stack(f"http://127.0.0.1:{listen}", accounts)


def free_port() -> int:
    """None of those that connections are given: one of them could take it before it is listened on."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def binary(variable: str, name: str) -> str:
    path = Path(os.environ.get(variable, DEBUG / name))
    if not path.exists():
        pytest.exit(f"there is no {path}: build it, or run scripts/test.sh sdk", returncode=2)
    return str(path)


@contextmanager
def started(command: list[str], log: Path, ready: str) -> Iterator[None]:
    """Runs a server from the line with which it says that it is ready to the end of the block."""
    environment = {**os.environ, "SDK_TEST_KEY": PROVIDER_KEY}
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=environment)
    try:
        deadline = time.monotonic() + 60
        while ready not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.exit(f"{command[0]} did not start:\n{log.read_text()[-4000:]}", returncode=2)
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
