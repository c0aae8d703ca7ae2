"""Sharing levels: what a person lets out, chosen by that person and changeable at any moment."""

import enum


class Level(enum.StrEnum):
    """How a person takes part. The default, everywhere, is `PRIVATE`."""

    PRIVATE = "private"
    """Nothing leaves."""
    VEILED = "veiled"
    """Randomised on the device: nobody need be trusted."""
    WOVEN = "woven"
    """Secret-shared between two aggregators run by different parties; one of them must be honest."""
    OPEN = "open"
    """Readable by one small circle that holds the circle's key."""
