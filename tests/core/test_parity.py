# ── as the command tells it ──────────────────────────────────────────────


@pytest.fixture(scope="module")
def listed() -> dict[str, Any]:
    command = [sys.executable, "-m", "gatewaymw", "providers", "--json"]
    told: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return told


def test_the_list_is_longer_than_theirs_and_leaves_out_none(listed: dict[str, Any]) -> None:
    assert len(listed) >= 110
    assert THEIRS.keys() | {"cortex"} <= listed.keys() == PROVIDERS.keys()


def test_the_list_has_each_endpoint_of_theirs_or_the_page_says_why_not(listed: dict[str, Any]) -> None:
    lacking = {
        (name, endpoint)
        for name, row in THEIRS.items()
        for endpoint in row.keys() - {*endpoints(listed, name)}
    }
    assert lacking and all(told_of(name) & {endpoint, "all"} for name, endpoint in lacking)


def endpoints(listed: dict[str, Any], name: str) -> list[str]:
    told: list[str] = listed[name]["endpoints"]
    return told
