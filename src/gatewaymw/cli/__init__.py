"""The command line: `gatewaymw serve | check | providers | explain | schema`.

Each command's module is imported when the command runs, so that none waits for what another needs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; give the exit code: 0, 1 for a fault that was found, 2 for wrong usage."""
    options = parser().parse_args(argv)
    try:
        return int(options.run(options))
    except BrokenPipeError:
        # `… | head` has read enough. The interpreter would complain once more when it flushes.
        sys.stdout = None
        return 0


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="gatewaymw", description="An AI gateway inside your web app.")
    top.add_argument("--version", action="version", version=version("gatewaymw"))
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    serve = commands.add_parser("serve", help="serve the gateway alone, by uvicorn")
    serve.add_argument("--config", metavar="FILE", help="JSON, TOML or YAML")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8787)
    serve.add_argument("--workers", type=count, default=1, metavar="N", help="processes")
    serve.add_argument(
        "--trusted-custom-host",
        action="append",
        default=[],
        metavar="HOST[:PORT]",
        help="a host that callers may name by the custom-host header; may be repeated",
    )
    serve.add_argument("--no-access-log", action="store_true", help="say nothing of single requests")
    serve.set_defaults(run=run_serve)

    check = commands.add_parser("check", help="say what is wrong with a config file")
    check.add_argument("file", metavar="FILE")
    check.set_defaults(run=run_check)

    providers = commands.add_parser("providers", help="which provider serves which endpoint")
    providers.add_argument("name", metavar="NAME", nargs="?", help="all about one of them")
    providers.add_argument("--json", action="store_true", help="for programs")
    providers.set_defaults(run=run_providers)

    explain = commands.add_parser("explain", help="say whom a config would ask, and why, without a network")
    explain.add_argument("config", metavar="CONFIG", help="JSON, TOML or YAML")
    explain.add_argument("--request", metavar="FILE", help="JSON: a chat's body, or path, headers and body")
    explain.add_argument(
        "--fail",
        action="append",
        default=[],
        metavar="TARGET=OUTCOME",
        help="targets[0]=503, openai=429x2,retry-after=2, *=timeout, …; may be repeated",
    )
    explain.add_argument("--seed", type=int, default=0, metavar="N", help="of the dice")
    explain.add_argument("--json", action="store_true", help="for programs")
    explain.set_defaults(run=run_explain)

    schema = commands.add_parser("schema", help="print the JSON Schema of the config")
    schema.set_defaults(run=run_schema)
    return top


def count(text: str) -> int:
    if (number := int(text)) < 1:
        raise ValueError(text)
    return number


def run_serve(options: argparse.Namespace) -> int:
    from .serving import Settings, serve

    trusted = tuple(options.trusted_custom_host)
    settings = Settings(options.config, options.host, trusted, access_log=not options.no_access_log)
    return serve(settings, options.port, options.workers)


def run_check(options: argparse.Namespace) -> int:
    from ..config import faults, load
    from ..core.errors import ConfigError

    try:
        found = faults(load(options.file))
    except ConfigError as error:
        found = [str(error)]
    print(*(found or [f"{options.file}: no fault found"]), sep="\n")
    return 1 if found else 0


def run_providers(options: argparse.Namespace) -> int:
    from .listing import listing

    return listing(options.name, as_json=options.json)


def run_explain(options: argparse.Namespace) -> int:
    from .explaining import explain

    return explain(options.config, options.request, options.fail, options.seed, as_json=options.json)


def run_schema(options: argparse.Namespace) -> int:
    import json

    from ..config import json_schema

    print(json.dumps(json_schema(), indent=2))
    return 0
