import re
from pathlib import Path

import pytest

from partsong.hub.settings import Settings, load, names
from partsong.report import SettingsInvalid

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "settings.md"


def test_later_wins(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text('port = 1\nspace = "file"\nquestion = "file?"\n')
    environment = {"PARTSONG_PORT": "2", "PARTSONG_SPACE": "environment"}
    settings = load(file, environment, {"port": 3, "question": None})
    assert (settings.port, settings.space, settings.question) == (3, "environment", "file?")


def test_lists_and_switches_come_from_the_environment() -> None:
    settings = load(
        environment={"PARTSONG_ORIGINS": "https://a.example, https://b.example", "PARTSONG_BEHIND_PROXY": "true"}
    )
    assert settings.origins == ("https://a.example", "https://b.example")
    assert settings.behind_proxy is True


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        ({"port": 70_000}, "port"),
        ({"nonsense": 1}, "nonsense"),
        ({"tls_cert": "a.pem"}, "tls_key"),
        ({"retention": 60}, "retention"),
        ({"unit": 300, "window": 100, "grace": 200}, "grace"),
        ({"cohort": 0}, "cohort"),
    ],
)
def test_a_wrong_setting_stops_the_start_and_is_named(flags: dict[str, object], named: str) -> None:
    with pytest.raises(SettingsInvalid, match=named):
        load(environment={}, flags=flags)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text("port = = 1")
    with pytest.raises(SettingsInvalid, match=r"hub\.toml"):
        load(tmp_path / "hub.toml")
    with pytest.raises(SettingsInvalid, match=r"none\.toml"):
        load(tmp_path / "none.toml")


def test_every_setting_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^|]*)` \|", DOCS.read_text(), re.MULTILINE))
    defaults = Settings()
    shown = {"": '""', (): "[]", True: "true", False: "false"}
    assert rows == {name: str(shown.get(getattr(defaults, name), getattr(defaults, name))) for name in names()}
