"""Runs a command with the suite's broker and simulators up, for tests in other languages.

    python tests/sdk/serve.py node --test tests/sdk-node/suite.test.js

The command finds them in its environment: BROKER_URL, BROKER_TOKEN, and SIMULATORS, the ports of the accounts as JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from conftest import TOKEN, started_stack

with tempfile.TemporaryDirectory() as directory, started_stack(Path(directory)) as stack:
    simulators = {name: account.port for name, account in stack.accounts.items()}
    environment = {"BROKER_URL": stack.url, "BROKER_TOKEN": TOKEN, "SIMULATORS": json.dumps(simulators)}
    code = subprocess.run(sys.argv[1:], env={**os.environ, **environment}, check=False).returncode
sys.exit(code)
