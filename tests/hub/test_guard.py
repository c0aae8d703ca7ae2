import pytest

from partsong.hub.guard import may_send, security_headers


@pytest.mark.parametrize(
    ("origin", "host", "secure", "expected"),
    [
        (None, "room.example:8420", False, True),
        ("http://room.example:8420", "room.example:8420", False, True),
        ("http://ROOM.example:8420", "room.example:8420", False, True),
        ("https://room.example:8420", "room.example:8420", False, False),
        ("http://room.example", "room.example:8420", False, False),
        ("http://evil.example", "room.example:8420", False, False),
        ("https://pages.example", "room.example:8420", False, True),
        ("null", "room.example:8420", False, False),
        ("", "", False, False),
        ("http://", "", False, False),
        ("https://room.example", "room.example", True, True),
    ],
)
def test_who_may_send(origin: str | None, host: str, *, secure: bool, expected: bool) -> None:
    assert may_send(origin, host, frozenset({"https://pages.example"}), secure=secure) is expected


def test_the_policy_names_our_own_socket_and_nobody_elses() -> None:
    headers = dict(security_headers("/join", "room.example", secure=True))
    policy = headers[b"content-security-policy"].decode()
    assert policy.endswith("connect-src 'self' wss://room.example")
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert b"access-control-allow-origin" not in headers


def test_what_is_for_everyone_may_be_read_from_anywhere() -> None:
    headers = dict(security_headers("/v1/frames"))
    assert headers[b"access-control-allow-origin"] == b"*"
    assert b"access-control-allow-credentials" not in headers
