"""Who is asked: one target, the next, one by weight, one by a condition; and these within each other."""

from __future__ import annotations

from offline import Row
from shapes import asking, at, choosing, fallback, group, weighed

SINGLE = [
    Row("one provider", at("a"), by="config"),
    Row("a strategy of one", group("single", at("a")), by="config.targets[0]"),
    Row("one target, and no strategy", {"targets": [at("a")]}, by="config.targets[0]"),
    Row(
        "single takes the first, and says so",
        group("single", at("a"), at("b")),
        told={"x-gateway-warning": "first of 2"},
    ),
    Row("single does not fall back", group("single", at("a"), at("b")), status=500, script={"a": "500"}),
    Row("what a provider refuses is refused", at("a"), status=401, script={"a": "401"}),
    Row(
        "camelCase",
        {"provider": "openai", "apiKey": "sk", "customHost": "https://a.test", "overrideParams": {"n": 2}},
        sent={"a": {"n": 2}},
    ),
]

FALLBACK = [
    Row("the first does well", fallback(at("a"), at("b")), by="config.targets[0]"),
    Row("the second does", fallback(at("a"), at("b")), "a b", by="config.targets[1]", script={"a": "500"}),
    Row("the third does", fallback(at("a"), at("b"), at("c")), "a b c", script={"a": "500", "b": "503"}),
    Row(
        "the last one's word counts",
        *(fallback(at("a"), at("b")), "a b", 404),
        script={"a": "500", "b": "404"},
        told={"x-should-retry": "false", "x-gateway-attempts": "2"},
    ),
    Row(
        "R5: any error falls back where no list is given",
        fallback(at("a"), at("b")),
        "a b",
        script={"a": "400"},
    ),
    Row(
        "R5: a list narrows it",
        *(fallback(at("a"), at("b"), on_status_codes=[429]), "a", 400),
        script={"a": "400"},
    ),
    Row(
        "a listed status falls back",
        fallback(at("a"), at("b"), on_status_codes=[429]),
        "a b",
        script={"a": "429"},
    ),
    Row(
        "an empty list never does",
        fallback(at("a"), at("b"), on_status_codes=[]),
        "a",
        500,
        script={"a": "500"},
    ),
    Row("a 200 falls back where it is listed", fallback(at("a"), at("b"), on_status_codes=[200]), "a b"),
    Row(
        "a list of 2xx keeps errors",
        *(fallback(at("a"), at("b"), on_status_codes=[200, 201]), "a", 503),
        script={"a": "503"},
    ),
    Row("camelCase of a list", fallback(at("a"), at("b"), onStatusCodes=[500]), "a b", script={"a": "500"}),
    Row(
        "a host that cannot be reached is a 502",
        fallback(at("a"), at("b")),
        "a b",
        script={"a": "unreachable"},
    ),
    Row(
        "a host that cannot be reached, where 502 is listed",
        *(fallback(at("a"), at("b"), on_status_codes=[502]), "a b"),
        script={"a": "unreachable"},
    ),
    Row(
        "a host that breaks off, where 502 is not listed",
        *(fallback(at("a"), at("b"), on_status_codes=[500]), "a", 502),
        script={"a": "broken"},
        error=("upstream_broken", None),
    ),
    Row(
        "R3: a target that cannot be called is one that failed",
        *(fallback(at("a", provider="anthropic"), at("b")), "b"),
        path="/v1/embeddings",
        body={"model": "m", "input": "x"},
        by="config.targets[1]",
    ),
    Row(
        "R4: each target gets what the client sent",
        *(fallback(at("a", provider="anthropic"), at("b")), "a b"),
        script={"a": "529"},
        body=asking(max_tokens=5, stop="x", seed=7),
        sent={"a": {"stop_sequences": ["x"], "stop": None}, "b": {"stop": "x", "seed": 7}},
    ),
]

BALANCE = [
    Row("the dice at 0 are the first one's", weighed(None, None), "a", dice=0.0),
    Row("the dice at a half are the second one's", weighed(None, None), "b", dice=0.5),
    Row("three parts of four", weighed(3, 1), "a", dice=0.74),
    Row("the fourth part", weighed(3, 1), "b", dice=0.76),
    Row("shares of one", weighed(0.2, 0.8), "a", dice=0.19),
    Row("no weight is a weight of 1", weighed(None, 3), "b", dice=0.26),
    Row("a weight of 0 is never drawn, at the least", weighed(0, 1), "b", dice=0.0),
    Row("a weight of 0 is never drawn, at the most", weighed(1, 0), "a", dice=0.9999),
    Row("a target that fails is not mended by another", weighed(1, 1), "b", 500, script={"b": "500"}),
    Row("no key is another's", weighed(1, 1), "b", carried={"b": {"authorization": "Bearer sk-of-b"}}),
]

PRO = {"x-gateway-metadata": '{"plan": "pro", "seats": "12"}'}
HOT = asking(temperature=0.7, user="u1", response_format={"type": "json_object"})
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nlarge\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n\x00\xff\r\n--b--\r\n'
)
CONDITIONS = [
    Row("a value alone is to be equal", choosing({"metadata.plan": "pro"}), "a", headers=PRO),
    Row("$eq", choosing({"metadata.plan": {"$eq": "pro"}}), "a", headers=PRO),
    Row("$eq knows types", choosing({"params.temperature": {"$eq": "0.7"}}), "h", body=HOT),
    Row("$ne", choosing({"metadata.plan": {"$ne": "pro"}}), "h", headers=PRO),
    Row("$ne of what is not there", choosing({"metadata.team": {"$ne": "red"}}), "a", headers=PRO),
    Row(
        "$gt",
        choosing({"params.temperature": {"$gt": 0.7}}, {"params.temperature": {"$gt": 0.6}}),
        "b",
        body=HOT,
    ),
    Row("$gte", choosing({"params.temperature": {"$gte": 0.7}}), "a", body=HOT),
    Row("$lt", choosing({"params.temperature": {"$lt": 0.7}}), "h", body=HOT),
    Row("$lte", choosing({"params.temperature": {"$lte": 0.7}}), "a", body=HOT),
    Row(
        "a text that spells a number is compared as one",
        choosing({"metadata.seats": {"$gt": 9}}),
        "a",
        headers=PRO,
    ),
    Row("$in", choosing({"metadata.plan": {"$in": ["team", "pro"]}}), "a", headers=PRO),
    Row("$nin", choosing({"metadata.plan": {"$nin": ["team", "pro"]}}), "h", headers=PRO),
    Row("$regex", choosing({"params.model": {"$regex": "^gpt-4"}}), "a", body=asking(model="gpt-4o")),
    Row(
        "$and",
        choosing({"$and": [{"metadata.plan": "pro"}, {"params.user": "u2"}]}),
        "h",
        headers=PRO,
        body=HOT,
    ),
    Row(
        "$or",
        choosing({"$or": [{"metadata.plan": "pro"}, {"params.user": "u2"}]}),
        "a",
        headers=PRO,
        body=HOT,
    ),
    Row(
        "R9: clauses beside $or hold too",
        *(choosing({"$or": [{"metadata.plan": "pro"}], "params.user": "u2"}), "h"),
        headers=PRO,
        body=HOT,
    ),
    Row(
        "R9: operators beside $regex hold too",
        *(choosing({"params.model": {"$regex": "gpt", "$ne": "gpt-4o"}}), "h"),
        body=asking(model="gpt-4o"),
    ),
    Row(
        "R10: a path as deep as it is",
        choosing({"params.response_format.type": "json_object"}),
        "a",
        body=HOT,
    ),
    Row("R10: an item of a list", choosing({"params.messages.0.role": "user"}), "a"),
    Row("the path of the request", choosing({"url.pathname": "/v1/chat/completions"}), "a"),
    Row(
        "the path of another request",
        *(choosing({"url.pathname": "/v1/chat/completions"}), "h"),
        path="/v1/embeddings",
        body={"model": "m", "input": "x"},
    ),
    Row(
        "R12: a field of a form",
        *(choosing({"params.model": "large"}), "a"),
        path="/v1/audio/transcriptions",
        headers={"content-type": "multipart/form-data; boundary=b"},
        body=FORM,
    ),
    Row("the first condition that holds", choosing({"params.model": "m"}, {"params.model": "m"}), "a"),
    Row("the default, where none does", choosing({"params.model": "x"}), "h", by="config.targets[1]"),
    Row(
        "no default, where none does",
        *(choosing({"params.model": "x"}, default=None), "", 400),
        error=("no_matching_target", None),
    ),
    Row(
        "what a target overrides is not what is asked for",
        choosing({"params.model": "other"}, override_params={"model": "other"}),
        "h",
        sent={"h": {"model": "other"}},
    ),
]

INNER = fallback(at("b"), at("c"))
DEEP = fallback(group("loadbalance", fallback(group("single", at("a")), at("b"))), at("c"))
WRAPPED = {
    "strategy": {"mode": "single"},
    "targets": [fallback(group("loadbalance", DEEP, at("d")), at("e"))],
}
NESTED = [
    Row("a fallback within a fallback", fallback(at("a"), INNER), "a b c", script={"a": "500", "b": "500"}),
    Row("a load balance within a fallback", fallback(at("a"), weighed(1, 1)), "a b", script={"a": "500"}),
    Row(
        "a fallback within a load balance",
        *(group("loadbalance", at("a"), INNER), "b c"),
        script={"b": "500"},
        by="config.targets[1].targets[1]",
    ),
    Row(
        "the outer one sees what the inner one came to",
        *(fallback(INNER, at("d"), on_status_codes=[429]), "b c", 500),
        script={"b": "429", "c": "500"},
    ),
    Row(
        "and goes on from it",
        *(fallback(INNER, at("d"), on_status_codes=[429]), "b c d"),
        script={"b": "500", "c": "429"},
    ),
    Row(
        "a condition that none fits is a target that failed",
        fallback(choosing({"params.model": "x"}, default=None), at("b")),
        "b",
        by="config.targets[1]",
    ),
    Row(
        "a condition chooses a fallback",
        {
            **group(
                "conditional",
                {"name": "both", **INNER},
                at("a", name="one"),
                conditions=[{"query": {"params.model": "m"}, "then": "both"}],
                default="one",
            )
        },
        "b c",
        script={"b": "503"},
        by="config.targets[0].targets[1]",
    ),
    Row(
        "six deep, to the second leaf",
        *(WRAPPED, "a b"),
        dice=0.4,
        script={"a": "500"},
        by="config.targets[0].targets[0].targets[0].targets[0].targets[0].targets[1]",
    ),
    Row(
        "six deep, and out of it again",
        *(WRAPPED, "a b c e"),
        dice=0.4,
        script={"a": "500", "b": "500", "c": "500"},
        by="config.targets[0].targets[1]",
        told={"x-gateway-attempts": "4"},
    ),
]

STREAM = asking(stream=True)
STREAMS = [
    Row("a stream", at("a"), body=STREAM, ends="data: [DONE]\n\n"),
    Row(
        "a stream that breaks before it began falls back",
        fallback(at("a"), at("b")),
        "a b",
        body=STREAM,
        script={"a": "cut"},
    ),
    Row(
        "an error before it began falls back",
        fallback(at("a"), at("b")),
        "a b",
        body=STREAM,
        script={"a": "error"},
    ),
    Row(
        "silence before it began falls back",
        fallback(at("a", request_timeout=900), at("b")),
        "a b",
        body=STREAM,
        script={"a": "silent"},
    ),
    Row(
        "a stream that breaks later ends with an error",
        *(fallback(at("a"), at("b")), "a"),
        body=STREAM,
        script={"a": "cut-late"},
        ends='"code":"upstream_broken"}}\n\ndata: [DONE]\n\n',
    ),
    Row(
        "a stream that never says anything, at the last target",
        *(at("a"), "a", 502),
        body=STREAM,
        script={"a": "cut"},
        error=("upstream_broken", None),
    ),
    Row(
        "a stream is tried again before it began",
        *(at("a", retry={"attempts": 2}), "a a a"),
        body=STREAM,
        script={"a": ["503x1", "cutx1"]},
        waits=(0.5, 1.0),
        ends="data: [DONE]\n\n",
    ),
]

ROWS = [*SINGLE, *FALLBACK, *BALANCE, *CONDITIONS, *NESTED, *STREAMS]
