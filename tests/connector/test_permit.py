"""Who may issue a permit, and who may send one: read from the source itself."""

import ast
from pathlib import Path

from partsong import connector

ROOM = Path(connector.__file__).parent
PACKAGE = ROOM.parent


def _names(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return imported | {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}


def _users(name: str) -> set[str]:
    return {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if name in _names(path)}


def test_the_session_alone_issues_permits() -> None:
    assert _users("partsong.connector.permit.issue") == {"connector/session.py"}
    assert _users("partsong.connector.permit") == set()
    assert _users("partsong.connector.permit._SEAL") == set()


def test_the_session_issues_in_one_place_alone() -> None:
    tree = ast.parse((ROOM / "session.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "issue"]
    assert len(calls) == 1


def test_egress_alone_writes() -> None:
    """No other module of the connector calls a `send` of a socket; the reader's sockets are only read."""
    for path in ROOM.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert ("socket.send(" in text) == (path.name == "egress.py"), path
