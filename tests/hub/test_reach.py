from partsong.hub.pages import Bundle
from partsong.hub.reach import FEATURES, addresses, diagnose, places
from partsong.hub.settings import Settings

EVERYWHERE = "0.0.0.0"  # noqa: S104 - named, not bound


def test_loopback_is_this_machine_and_secure() -> None:
    (place,) = places(Settings())
    assert (place.address, place.reach, place.secure) == ("http://127.0.0.1:8420", "this machine", True)
    assert place.works == tuple(FEATURES)


def test_plain_http_on_a_network_takes_part_and_says_what_needs_https() -> None:
    first, second = places(Settings(host=EVERYWHERE), ["192.168.1.20", "127.0.0.1"])
    assert (first.reach, first.secure) == ("this network", False)
    assert "taking part, blurred" in first.works
    assert "keeping the screen awake" in first.needs_https
    assert second.secure


def test_https_makes_everything_work() -> None:
    (place,) = places(Settings(host="192.168.1.20", tls_cert="a", tls_key="b"))
    assert place.secure
    assert place.address.startswith("https://")
    behind = places(Settings(public_url="https://room.example.org/"))
    assert (behind[0].address, behind[0].secure) == ("https://room.example.org", True)


def test_this_machine_has_a_loopback_address() -> None:
    assert addresses()[-1].startswith("127.")


def test_a_hub_without_pages_is_not_well() -> None:
    found = diagnose(Settings(port=0), Bundle({}))
    assert not found.good
    assert [check.what for check in found.checks if not check.good] == ["pages"]
