"""Every refusal and failure the gateway itself words.

    GatewayError
    ├── ConfigError      400  the config cannot be used; `path` says where
    ├── BadRequest       400  the client's request is not what the endpoint takes
    ├── Unsupported      400  this provider does not do this endpoint or parameter
    ├── TooLarge         413  a body over its limit
    ├── Unauthorized     401  no principal, or no credential for the target
    ├── Forbidden        403  the caller may not ask for this (a host, a config)
    └── UpstreamError    ≥ 400  what a provider said went wrong, or said unreadably

The network raises nothing into the core: see `values.Failure`.
"""

from __future__ import annotations

from typing import ClassVar


class GatewayError(Exception):
    """A refusal with everything a client's error body needs; `message` says what to change."""

    status: int = 500
    type: str = "gateway_error"
    code: str | None = None

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        type: str | None = None,
        code: str | None = None,
        param: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.status = self.status if status is None else status
        self.type = self.type if type is None else type
        self.code = self.code if code is None else code
        self.headers = headers or {}


class ConfigError(GatewayError):
    """A config that cannot be used. `path` is where in it the fault lies (`config.targets[0]`)."""

    status = 400
    type = "invalid_request_error"
    code = "invalid_config"

    def __init__(self, message: str, *, path: str = "config", code: str | None = None) -> None:
        super().__init__(f"{path}: {message}", param=path, code=code)
        self.path = path


class BadRequest(GatewayError):
    status = 400
    type = "invalid_request_error"
    code: str | None = "invalid_request"


class Unsupported(GatewayError):
    status = 400
    type = "invalid_request_error"
    code = "unsupported"


class TooLarge(GatewayError):
    status = 413
    type = "invalid_request_error"
    code = "body_too_large"


class Unauthorized(GatewayError):
    status = 401
    type = "authentication_error"
    code = "unauthorized"


class Forbidden(GatewayError):
    status = 403
    type = "permission_error"
    code = "not_permitted"


class UpstreamError(GatewayError):
    """The provider failed. `TYPES` gives the type of an error that carries only a status."""

    status = 502
    type = "upstream_error"
    code = "upstream_invalid_response"

    TYPES: ClassVar[dict[int, str]] = {
        400: "invalid_request_error",
        401: "authentication_error",
        403: "permission_error",
        404: "not_found_error",
        408: "timeout_error",
        413: "request_too_large",
        422: "invalid_request_error",
        429: "rate_limit_error",
        529: "overloaded_error",
    }
