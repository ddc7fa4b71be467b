# A whole answer:
curl -s http://127.0.0.1:8787/v1/chat/completions -H 'content-type: application/json' \
  -d '{"model": "mock-echo", "messages": [{"role": "user", "content": "Hello"}]}'

# The same, streamed:
curl -sN http://127.0.0.1:8787/v1/chat/completions -H 'content-type: application/json' \
  -d '{"model": "mock-echo", "stream": true, "messages": [{"role": "user", "content": "Hello"}]}'

# A fallback: the first target answers 503, so the second one is asked (see the headers).
curl -si http://127.0.0.1:8787/v1/chat/completions -H 'content-type: application/json' \
  -H 'x-gateway-config: {"strategy": {"mode": "fallback"}, "targets": [{"provider": "mock", "override_params": {"model": "mock-status-503"}}, {"provider": "mock"}]}' \
  -d '{"model": "mock-echo", "messages": [{"role": "user", "content": "Hello"}]}'
