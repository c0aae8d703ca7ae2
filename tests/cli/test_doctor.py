import json

import pytest
import typer
from typer.testing import CliRunner

from partsong.cli.doctor import doctor
from partsong.hub.pages import Bundle


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    made.command()(doctor)
    return made


def test_it_prints_for_people_and_for_machines(app: typer.Typer) -> None:
    spoken = CliRunner().invoke(app, ["--lan", "--port", "0"])
    assert "secure context" in spoken.output
    assert "only a phone can tell" in spoken.output
    found = json.loads(CliRunner().invoke(app, ["--json", "--port", "0"]).output)
    assert found["places"][0]["reach"] == "this machine"
    assert {check["what"] for check in found["checks"]} == {"pages", "open files", "port", "https"}


def test_its_exit_status_says_whether_all_is_well(app: typer.Typer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bundle, "read", classmethod(lambda cls: cls({})))
    assert CliRunner().invoke(app, ["--port", "0"]).exit_code == 1
