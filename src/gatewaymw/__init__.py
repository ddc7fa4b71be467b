"""gatewaymw: the AI gateway that lives inside the web app people already run."""

from .asgi import ASGIGateway as ASGIGateway
from .core.checks.host import CheckFacts as CheckFacts
from .core.errors import ConfigError as ConfigError
from .core.errors import GatewayError as GatewayError
from .gateway import Gateway as Gateway
from .inbound import Facts as Facts
from .wsgi import WSGIGateway as WSGIGateway

__version__ = "0.1.0"
__all__ = ["ASGIGateway", "CheckFacts", "ConfigError", "Facts", "Gateway", "GatewayError", "WSGIGateway"]
