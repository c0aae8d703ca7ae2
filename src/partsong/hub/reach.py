"""What phones can reach here, and which features work there: what `partsong doctor` prints.

Promised: it sends nothing to anybody; it asks this machine for its own addresses, its limits and its pages. Not
promised: that a venue's network lets phones talk to each other; many isolate them, and only a phone can tell.
"""

import fcntl
import ipaddress
import resource
import socket
import struct
from collections.abc import Sequence
from typing import Final

import msgspec

from partsong.hub.pages import Bundle
from partsong.hub.settings import Settings

PEOPLE: Final = 2000
"""How many the limits should do for."""

_SIOCGIFADDR: Final = 0x8915

# Features of the pages, and whether a browser gives them to a page that is not a secure context
# (W3C Secure Contexts).
FEATURES: Final = {
    "taking part, only me": False,
    "taking part, blurred": False,
    "the room beneath your finger": False,
    "the stage": False,
    "keeping the screen awake": True,
    "a heart-rate strap by Web Bluetooth": True,
    "opening without a network (service worker)": True,
    "sound made on the device (AudioWorklet)": True,
}


class Place(msgspec.Struct, frozen=True):
    """One address of this machine.

    Attributes:
        address: Such as `http://192.168.1.20:8420`.
        reach: Who can come: `this machine`, `this network` or `the internet`.
        secure: Whether a browser takes it for a secure context.
        works: The features that work there.
        needs_https: Those that do not.
    """

    address: str
    reach: str
    secure: bool
    works: tuple[str, ...]
    needs_https: tuple[str, ...]


class Check(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    what: str
    good: bool
    found: str
    next_step: str = ""


class Diagnosis(msgspec.Struct, frozen=True):
    """All of it."""

    places: tuple[Place, ...]
    checks: tuple[Check, ...]

    @property
    def good(self) -> bool:
        """Whether every check is."""
        return all(check.good for check in self.checks)


def diagnose(settings: Settings, bundle: Bundle | None = None) -> Diagnosis:
    """Look at this machine with these settings."""
    bundle = Bundle.read() if bundle is None else bundle
    return Diagnosis(tuple(places(settings)), (_pages(bundle), _files(), _port(settings), _https(settings)))


def places(settings: Settings, found: Sequence[str] | None = None) -> list[Place]:
    """Where a hub with these settings can be reached; `found` are this machine's addresses."""
    https = bool(settings.tls_cert) or settings.public_url.startswith("https://")
    scheme = "https" if settings.tls_cert else "http"
    hosts = _listening(settings.host, addresses() if found is None else found)
    made = [_place(f"{scheme}://{_bracketed(host)}:{settings.port}", host, https=scheme == "https") for host in hosts]
    if settings.public_url:
        made.insert(0, _place(settings.public_url.rstrip("/"), "", https=https))
    return made


def addresses() -> list[str]:
    """This machine's IPv4 addresses, loopback last."""
    found = [address for _, name in socket.if_nameindex() if (address := _address_of(name))]
    return sorted(found, key=lambda one: ipaddress.ip_address(one).is_loopback)


def _listening(host: str, found: Sequence[str]) -> Sequence[str]:
    return found if host in ("0.0.0.0", "::") else [host]  # noqa: S104 - compared, not bound


def _place(address: str, host: str, *, https: bool) -> Place:
    reach = _reach(host)
    secure = https or reach == "this machine"
    works = tuple(name for name, needs in FEATURES.items() if secure or not needs)
    return Place(address, reach, secure, works, tuple(name for name in FEATURES if name not in works))


def _reach(host: str) -> str:
    if host in ("localhost", "::1") or host.startswith("127."):
        return "this machine"
    try:
        return "this network" if ipaddress.ip_address(host).is_private else "the internet"
    except ValueError:
        return "whoever finds the name"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _address_of(interface: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            answer = fcntl.ioctl(probe, _SIOCGIFADDR, struct.pack("256s", interface.encode()[:15]))
        except OSError:  # an interface without an IPv4 address
            return ""
    return socket.inet_ntoa(answer[20:24])


def _pages(bundle: Bundle) -> Check:
    if not bundle.built:
        return Check("pages", good=False, found="not built", next_step="Run `make web`.")
    return Check("pages", good=True, found=f"built, digest {bundle.digest()}")


def _files() -> Check:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    good = most == resource.RLIM_INFINITY or most >= 2 * PEOPLE
    step = "" if good else f"Raise the limit of open files to {2 * PEOPLE}: `ulimit -Hn`, or LimitNOFILE= of the unit."
    return Check("open files", good=good, found=f"at most {most}", next_step=step)


def _port(settings: Settings) -> Check:
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            step = "Stop the other hub, or choose another port; if it is this hub, all is well."
            return Check("port", good=False, found=f"{settings.port}: {error.strerror}", next_step=step)
    return Check("port", good=True, found=f"{settings.port} is free")


def _https(settings: Settings) -> Check:
    if settings.tls_cert or settings.public_url.startswith("https://"):
        return Check("https", good=True, found="yes")
    if _reach(settings.host) == "this machine":
        return Check("https", good=True, found="no, and not needed on this machine")
    step = "Taking part works without; for the rest see docs/howto/https.md."
    return Check("https", good=True, found="no: anyone on the same network could alter the page", next_step=step)
