"""Runs the command lines of coding agents as on a new machine: an empty home, a folder to work in, and no environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = Path(__file__).parent / "node_modules"
# The Node of the suite, which tests/conformance/requirements.txt pins.
NODE = Path(sys.executable).parent / "node"
SECONDS = 60


class Machine:
    """A home of one's own and a project in it."""

    def __init__(self, home: Path, script: str, environment: dict[str, str]) -> None:
        self.home, self.script, self.environment = home, PACKAGES / script, environment
        self.project = home / "project"
        self.project.mkdir(parents=True)
        if not self.script.exists():
            pytest.exit(f"there is no {self.script}: run scripts/test.sh conformance", returncode=2)

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(NODE), str(self.script), *arguments],
            cwd=self.project,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.home),
                "NO_PROXY": "127.0.0.1",
                **self.environment,
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
