import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from partsong.cli.up import addresses_for_people, leaves, qr, up, who_can_come, with_authority
from partsong.hub.settings import Settings
from partsong.report import SettingsInvalid

PROGRAM = "import typer\nfrom partsong.cli.up import up\ntyper.run(up)"


def test_it_serves_says_where_and_stops_at_a_signal(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, "--port", "0", "--store", str(tmp_path / "hub.sqlite3"), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = ""
        while "}" not in text:
            text += process.stdout.readline()
        where = json.loads(text)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert where["join"].startswith("http://127.0.0.1:")
    assert where["stage"].endswith("/stage")
    assert process.returncode == 0
    assert errors == ""


def test_its_help_teaches() -> None:
    app = typer.Typer()
    app.command()(up)
    result = CliRunner().invoke(app, ["--help"], env={**os.environ, "COLUMNS": "160"})
    assert "--lan" in result.output
    assert "docs/reference/settings.md" in result.output


def test_a_wrong_setting_is_refused() -> None:
    with pytest.raises(SettingsInvalid, match="tls_key"):
        up(tls_cert="only.pem")


def test_what_it_says_is_computed_from_the_settings() -> None:
    assert leaves(Settings()) == "at most epsilon 2 in any 15 minutes, 8 an hour, from each person"
    assert who_can_come(Settings()).startswith("Only this machine")
    assert "plain http" in who_can_come(Settings(host="192.168.1.20"))
    public = addresses_for_people(Settings(public_url="https://room.example"), "http://127.0.0.1:1")
    assert public["join"] == "https://room.example/join"


def test_the_code_is_square_and_framed() -> None:
    lines = qr("http://192.168.1.20:8420/join").split("\n")
    assert len({len(line) for line in lines}) == 1
    assert set(lines[0]) == {"█"}
    assert set("".join(lines)) <= set("█▀▄ ")


def test_a_local_authority_gives_https(tmp_path: Path) -> None:
    settings, files = with_authority(Settings(store=str(tmp_path / "hub.sqlite3")))
    assert settings.tls_cert == str(files.certificate)
    assert addresses_for_people(settings, "https://127.0.0.1:1")["join"].startswith("https://127.0.0.1:1/")
    with pytest.raises(SettingsInvalid, match="already"):
        with_authority(settings)
