"""TensorZero's HTTP gateway, which its wheel holds behind a private function. Runs in its own environment.

    python tensorzero_server.py CONFIG PORT

It listens on a free port of 127.0.0.1, whatever its configuration says, and writes that into the file PORT.
"""

import importlib
import signal
import sys
from pathlib import Path

running = importlib.import_module("tensorzero.tensorzero")._start_http_gateway(
    config_file=sys.argv[1], clickhouse_url=None, postgres_url=None, valkey_url=None, async_setup=False
)
Path(sys.argv[2]).write_text(running.base_url.removeprefix("http://127.0.0.1:").partition("/")[0])
signal.sigwait({signal.SIGTERM, signal.SIGINT})
running.close()
