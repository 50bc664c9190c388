"""Runs a command with the suites' broker and simulators up, for tests in other languages.

    python tests/sdk/serve.py node --test tests/sdk-node/suite.test.js

The command finds them in its environment: BROKER_URL, BROKER_TOKEN, and KINDS, the kinds of providers as JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from kinds import KINDS
from stack import TOKEN, started_stack

with tempfile.TemporaryDirectory() as directory, started_stack(Path(directory)) as stack:
    kinds = [
        {
            "name": kind.name,
            "port": stack.accounts[kind.account].port,
            "served_as": list(kind.served_as),
            "tells_refusals": kind.tells_refusals,
            "lacks": [feature.value for feature in kind.lacks],
        }
        for kind in KINDS
        if not kind.is_relative
    ]
    environment = {"BROKER_URL": stack.url, "BROKER_TOKEN": TOKEN, "KINDS": json.dumps(kinds)}
    code = subprocess.run(sys.argv[1:], env={**os.environ, **environment}, check=False).returncode
sys.exit(code)
