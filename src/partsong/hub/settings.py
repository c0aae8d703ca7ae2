"""The hub's settings: typed, read once at the start, handed down, never global.

Promised: a setting comes from the defaults below, then a TOML file, then the environment (`PARTSONG_<NAME>`, upper
case), then flags; the later wins. A name that is no setting and a value outside its range stop the start with
`SettingsInvalid`, which names the setting. Every setting stands in docs/reference/settings.md, and a test checks it.

Left to others: what a task asks is checked again by `report.Task` and, on the device, by the connector's ceilings.

    >>> load(environment={"PARTSONG_PORT": "9000"}).port
    9000
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from partsong.report import SettingsInvalid

PREFIX: Final = "PARTSONG_"

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]
Count = Annotated[int, msgspec.Meta(ge=1, le=10_000_000)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=86_400)]


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that can be set. One line each here; more in docs/reference/settings.md.

    Attributes:
        host: The address to listen on; loopback unless opened to phones.
        port: The port; 0 lets the system choose.
        store: The database file; empty keeps it in memory, and then nothing outlives the process.
        origins: Further web origins whose pages may send reports.
        public_url: The address people reach the hub at, where it differs from host and port.
        behind_proxy: Trust `X-Forwarded-Proto` and `X-Forwarded-Host` from the proxy in front.
        tls_cert: The certificate file (PEM).
        tls_key: Its private key (PEM).
        space: The space's name.
        question: What people are asked.
        purpose: What for; shown to people.
        context: Where it is asked.
        grid: The side of the grid.
        window: Seconds from frame to frame.
        grace: Seconds after a window's end in which its reports are taken.
        unit: The privacy unit, seconds.
        epsilon: Most that may leave in any unit, an exact rational.
        epsilon_hour: Most that may leave in any hour.
        epsilon_day: Most that may leave in any day.
        cohort: Nothing is drawn under this many speakers.
        retention: Seconds after which reports are deleted.
        expiry: Unix seconds after which nothing is asked.
        frames_kept: How many frames `GET /v1/frames` gives.
        flush: Least seconds between two writes to the disk.
        intake_sockets: Most open intake sockets.
        watch_sockets: Most open watching sockets and streams.
        socket_rate: Most reports a second from one socket, over ten seconds.
        malformed_limit: A socket that sends more malformed messages than this is closed.
        idle: Seconds after which an intake socket that brought no report is closed.
        pending_limit: Reports waiting for the disk above which new ones are answered `busy`.
    """

    host: str = "127.0.0.1"
    port: Port = 8420
    store: str = "partsong.sqlite3"
    origins: tuple[str, ...] = ()
    public_url: str = ""
    behind_proxy: bool = False
    tls_cert: str = ""
    tls_key: str = ""
    space: str = "here"
    question: str = "How is it, right now?"
    purpose: str = "the picture of this room"
    context: str = "gathering"
    grid: Annotated[int, msgspec.Meta(ge=2, le=16)] = 8
    window: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 10
    grace: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 5
    unit: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 900
    epsilon: str = "2"
    epsilon_hour: str = "8"
    epsilon_day: str = "16"
    cohort: Count = 100
    retention: Count = 3600
    expiry: Annotated[int, msgspec.Meta(ge=1, le=4_102_444_800)] = 4_102_444_800
    frames_kept: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 360
    flush: Seconds = 0.02
    intake_sockets: Count = 20_000
    watch_sockets: Count = 20_000
    socket_rate: Count = 100
    malformed_limit: Count = 32
    idle: Seconds = 120.0
    pending_limit: Count = 200_000


def load(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, Any] | None = None,
) -> Settings:
    """Read the settings: defaults, then file, then environment, then flags.

    Args:
        file: A TOML file of top-level keys; None reads none.
        environment: Where `PARTSONG_*` is looked up; None is the process's own.
        flags: Values by name; those that are None were not given.

    Raises:
        SettingsInvalid: A name or a value is wrong; the message names it.
    """
    given = _from_file(file) | _from_environment(os.environ if environment is None else environment)
    given |= {name: value for name, value in (flags or {}).items() if value is not None}
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsInvalid(f"A setting is wrong: {error}.", "See docs/reference/settings.md.") from error
    return _checked(settings)


def names() -> tuple[str, ...]:
    """The names of all settings."""
    return Settings.__struct_fields__


def _from_file(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsInvalid(f"The settings file {file} cannot be read: {error}.", "It is a TOML file.") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    # Names that are no setting are left alone here: the test suite and the pages use PARTSONG_* of their own.
    found = {name: environment[PREFIX + name.upper()] for name in names() if PREFIX + name.upper() in environment}
    return {name: _list(value) if name == "origins" else value for name, value in found.items()}


def _list(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def _checked(settings: Settings) -> Settings:
    if bool(settings.tls_cert) != bool(settings.tls_key):
        raise SettingsInvalid("tls_cert and tls_key belong together.", "Give both, or neither.")
    if settings.retention < 2 * settings.unit:
        raise SettingsInvalid(
            "The retention is shorter than two units, so the hub could not tell who is speaking.",
            "Set retention to at least twice the unit.",
        )
    if settings.grace >= settings.unit - settings.window:
        raise SettingsInvalid("The grace must end before a connection may speak again.", "Set a shorter grace.")
    return settings
