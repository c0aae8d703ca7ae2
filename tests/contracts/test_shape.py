"""The shape of the code: short functions, small modules, everything described. Indicators; eyes judge the rest."""

import ast
import statistics
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "partsong"
MODULES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(tree: ast.AST) -> list[Function]:
    return [node for node in ast.walk(tree) if isinstance(node, Function)]


def _lines(node: Function) -> int:
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return 1 if not body else (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_functions_are_short() -> None:
    lengths = sorted(_lines(node) for tree in MODULES.values() for node in _functions(tree))
    assert statistics.median(lengths) <= 6
    assert lengths[int(len(lengths) * 0.9)] <= 30
    assert lengths[-1] <= 60


def test_modules_are_small() -> None:
    for path in MODULES:
        assert path.read_text(encoding="utf-8").count("\n") <= 600, path


def test_every_module_says_what_it_promises() -> None:
    for path, tree in MODULES.items():
        assert ast.get_docstring(tree), path


def test_there_is_no_room_for_odds_and_ends() -> None:
    names = {part for path in MODULES for part in path.relative_to(SOURCE).with_suffix("").parts}
    assert not names & {"utils", "helpers", "common", "misc", "core"}
