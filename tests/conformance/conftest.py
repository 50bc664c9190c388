"""The same broker, simulators and kinds of providers as tests/sdk, for frameworks and command lines."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sdk"))

from stack import pytest_collection_modifyitems, pytest_configure, running, served, stack  # noqa: E402

__all__ = ["pytest_collection_modifyitems", "pytest_configure", "running", "served", "stack"]
