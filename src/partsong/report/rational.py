"""Rationals as text: exact from the setting to the sampler, never a decimal, one spelling for one number."""

import re
from fractions import Fraction

from partsong.report.errors import MalformedRational

_SPELLING = re.compile(r"(0|[1-9][0-9]{0,17})(?:/([1-9][0-9]{0,17}))?")


def parse_rational(text: str) -> Fraction:
    """Read `"2"` or `"3/2"`.

    Raises:
        MalformedRational: It is negative, a decimal, not in lowest terms or longer than 18 digits a side.
    """
    match = _SPELLING.fullmatch(text)
    if match is None:
        raise MalformedRational(f"{text[:40]!r} is not a rational.", 'Write an integer ("2") or a fraction ("3/2").')
    value = Fraction(int(match[1]), int(match[2] or 1))
    if format_rational(value) != text:
        raise MalformedRational(f"{text[:40]!r} is not in lowest terms.", f'Write "{format_rational(value)}".')
    return value


def format_rational(value: Fraction) -> str:
    """Spell a non-negative rational the one way `parse_rational` reads."""
    return str(value.numerator) if value.denominator == 1 else f"{value.numerator}/{value.denominator}"
