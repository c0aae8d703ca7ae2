"""The device's clocks and chance.

The steady clock is Linux's CLOCK_BOOTTIME, which also counts while the device sleeps; a run of it is one boot in one
time namespace. Where there is none, Python's monotonic clock is taken and a run is this process, so that the ledger
falls back on the wall clock from one process to the next and never credits anything.
"""

import os
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

from partsong.privacy.ledger import Reading

LONGEST_PAUSE_S: Final = 8.0
"""A whole hall that lost its hub is back within this and a little more (docs/reference/protocol.md)."""

_BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
_TIME_NAMESPACE: Final = Path("/proc/self/ns/time")


def device_clock() -> Reading:
    """What this device's clocks read now."""
    run, steady_ns = _steady()
    return Reading(wall_ms=time.time_ns() // 1_000_000, mono_ms=steady_ns() // 1_000_000, run=run)


def random_pause() -> float:
    """A uniform number of seconds below `LONGEST_PAUSE_S`, from the operating system's randomness."""
    return LONGEST_PAUSE_S * int.from_bytes(os.urandom(4), "big") / 2**32


@lru_cache(maxsize=1)
def _steady() -> tuple[str, Callable[[], int]]:
    try:
        boot = _BOOT_ID.read_text(encoding="ascii").strip()
        namespace = _TIME_NAMESPACE.stat().st_ino if _TIME_NAMESPACE.exists() else 0
    except OSError:
        return f"process-{os.urandom(8).hex()}", time.monotonic_ns
    return f"{boot}-{namespace}", _boot_time_ns


def _boot_time_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
