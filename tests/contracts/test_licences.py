"""Every required dependency, and what it drags in, is permissively licensed."""

import re
from importlib import metadata

from packaging.requirements import Requirement

PERMISSIVE = re.compile(r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|0BSD|Unlicense", re.IGNORECASE)
COPYLEFT = re.compile(r"(?<!L)GPL|Affero|Business Source|SSPL", re.IGNORECASE)
# Exceptions, each with its reason.
ACCEPTED = {
    "certifi": "MPL-2.0: a list of certificates that litestar drags in through httpx; unmodified, file-level copyleft",
}


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
    named = [text[:200] for key in ("License-Expression", "License") for text in fields.get_all(key) or []]
    return " ".join([*named, *classifiers])


def test_required_dependencies_are_permissively_licensed() -> None:
    names = _closure("partsong")
    assert {"numpy", "litestar", "uvicorn", "click"} <= names
    for name in sorted(names):
        licence = _licence(name)
        if name in ACCEPTED:
            assert "MPL-2.0" in licence
            continue
        assert PERMISSIVE.search(licence), f"{name}: {licence!r}"
        assert not COPYLEFT.search(licence), f"{name}: {licence!r}"
