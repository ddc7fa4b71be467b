"""What `import gatewaymw` costs those who only import it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROBE = """
import json, os, resource, sys

done = []

def memory():
    # On Linux the highest there was may be the parent's.
    if os.path.exists("/proc/self/statm"):
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)

def ours():
    # The innermost code that is no import machinery: is it the package's, or a call it made?
    frame = sys._getframe(2)
    while frame and "importlib" not in (name := frame.f_globals.get("__name__", "")):
        if name.split(".")[0] == "gatewaymw":
            return True
        frame = frame.f_back
    return False

class Watched(type(os.environ)):
    def __getitem__(self, name):
        if ours():
            done.append("read " + name)
        return super().__getitem__(name)

def hook(event, args):
    if event in ("open", "os.listdir", "socket.__new__", "subprocess.Popen", "os.fork") and ours():
        done.append(" ".join(map(str, (event, *args))))
    if event == "_thread.start_new_thread":
        done.append(event)

os.environ.__class__ = Watched
sys.addaudithook(hook)
before = memory()
import gatewaymw
after = memory()
print(json.dumps({
    "done": done,
    "modules": sorted({name.split(".")[0] for name in sys.modules}),
    "mib": after - before,
}))
"""
LATER = {
    "aiohappyeyeballs", "aiohttp", "anthropic", "boto3", "botocore", "django", "fastapi", "flask", "h11",
    "httpcore", "httptools", "httpx2", "openai", "pydantic", "redis", "starlette", "uvicorn", "werkzeug",
    "yaml",
}  # fmt: skip
"""What is imported by who needs it, when it is needed."""
PYDANTIC = {"read PYDANTIC_DISABLE_PLUGINS"}
"""What pydantic looks at whenever a model is defined."""


@pytest.fixture(scope="module")
def imported() -> Any:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_importing_brings_in_nothing_that_can_wait(imported: Any) -> None:
    assert "gatewaymw" in imported["modules"]
    assert not LATER & set(imported["modules"])


def test_importing_reads_no_file_and_no_environment_and_starts_nothing(imported: Any) -> None:
    assert set(imported["done"]) <= PYDANTIC


def test_importing_takes_little_memory(imported: Any) -> None:
    assert 0 < imported["mib"] < 40


MAKING = """
import json, sys
from gatewaymw import Gateway

region = {"aws_region": "eu-central-1"}
role = {"aws_role_arn": "arn:aws:iam::123456789012:role/models"}
targets = [{"provider": "bedrock", **region}, {"provider": "bedrock", **region, **role}]
gateway = Gateway({"strategy": {"mode": "fallback"}, "targets": targets}, auth="public")
gateway.sync_driver()
print(json.dumps(sorted(sys.modules)))
"""


def test_making_a_gateway_brings_in_no_library_of_a_cloud() -> None:
    """Those are slow to import, and needed only once an identity is."""
    done = subprocess.run([sys.executable, "-c", MAKING], capture_output=True, text=True, check=True)
    modules = set(json.loads(done.stdout))
    assert "gatewaymw.drivers.identity" in modules
    assert not {"boto3", "botocore", "google.auth", "azure.identity"} & modules


# ── the whole catalogue ──────────────────────────────────────────────────

CATALOGUE = """
import json, sys, time

def memory():
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1])
    except FileNotFoundError:
        import resource
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

def measured(name):
    seconds, pages = time.process_time(), memory()
    __import__(name)
    return time.process_time() - seconds, memory() - pages

base = measured("gatewaymw")
early = "gatewaymw.core.providers" in sys.modules
measured("gatewaymw.config.compile")  # what reads a plan anyway
known = set(sys.modules)
rows = measured("gatewaymw.core.providers")
later = sorted({name.split(".")[0] for name in set(sys.modules) - known})
count = len(sys.modules["gatewaymw.core.providers"].PROVIDERS)
print(json.dumps({"base": base, "early": early, "rows": rows, "modules": later, "count": count}))
"""


def test_the_catalogue_costs_less_than_the_gateway_itself(tmp_path: Path) -> None:
    """Rows are read with the first plan, all at once, for that takes half the time of `import gatewaymw` and
    a sixth of its memory; most of it goes to the dialects of those whom most plans name."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = str(tmp_path)  # what is compiled already is not what is measured
    command = [sys.executable, "-c", CATALOGUE]
    _, *runs = (
        json.loads(subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout)
        for _ in range(3)
    )
    assert runs[0]["count"] > 100 and not runs[0]["early"]
    assert min(run["rows"][0] / run["base"][0] for run in runs) < 1
    assert min(run["rows"][1] / run["base"][1] for run in runs) < 0.3
    assert set(runs[0]["modules"]) <= {"gatewaymw", *sys.stdlib_module_names}
