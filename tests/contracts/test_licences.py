"""Every required dependency, and what it drags in, is permissively licensed."""

import re
from importlib import metadata

from packaging.requirements import Requirement

PERMISSIVE = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL-2\.0 AND MIT|0BSD|Unlicense", re.IGNORECASE
)
COPYLEFT = re.compile(r"(?<!L)GPL|Affero|Business Source|SSPL", re.IGNORECASE)
# Packages whose metadata names no licence in the standard fields, and where it was read instead.
READ_ELSEWHERE: dict[str, str] = {}


def _closure(name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        one = waiting.pop()
        for line in metadata.requires(one) or []:
            requirement = Requirement(line)
            wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if wanted and requirement.name.lower() not in found:
                found.add(requirement.name.lower())
                waiting.append(requirement.name)
    return found


def _licence(name: str) -> str:
    fields = metadata.metadata(name)
    classifiers = [c for c in fields.get_all("Classifier") or [] if c.startswith("License")]
    return " ".join([fields.get("License-Expression") or "", (fields.get("License") or "")[:200], *classifiers])


def test_required_dependencies_are_permissively_licensed() -> None:
    names = _closure("partsong")
    assert {"numpy", "litestar", "uvicorn", "click"} <= names
    for name in sorted(names):
        licence = READ_ELSEWHERE.get(name) or _licence(name)
        assert PERMISSIVE.search(licence), f"{name}: {licence!r}"
        assert not COPYLEFT.search(licence), f"{name}: {licence!r}"
