"""HTTP/1.1 on sockets of our own: the fastest way to carry requests (docs/decisions/007).

`answer` reads what comes back and knows nothing of sockets; `origin` says whom to call; `aio` and `sync` are
twins over both. What they do not speak (proxies, HTTP/2, trio) the transports beside this folder do.
"""
