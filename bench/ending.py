"""How a process that was started here is ended."""

from __future__ import annotations

import subprocess


def end(process: subprocess.Popen[bytes], patience: float) -> None:
    """Ask it to end; after so many seconds, make it."""
    process.terminate()
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
