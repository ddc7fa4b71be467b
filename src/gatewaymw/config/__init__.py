"""Configs: what people write, checked and compiled to the plan that runs."""

from .checking import faults as faults
from .checking import json_schema as json_schema
from .compile import Book as Book
from .compile import VirtualKey as VirtualKey
from .compile import compile_config as compile_config
from .compile import compile_virtual_keys as compile_virtual_keys
from .compile import plan_of_text as plan_of_text
from .forwarding import forwardable as forwardable
from .hosts import TrustedHosts as TrustedHosts
from .hosts import check_custom_host as check_custom_host
from .hosts import trusted_hosts as trusted_hosts
from .loading import load as load
from .loading import split as split
from .secrets import resolve as resolve
