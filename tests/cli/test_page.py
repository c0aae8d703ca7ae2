import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from typer.testing import CliRunner

from partsong.cli.page import app, fetch_listing
from partsong.hub.pages import Bundle
from partsong.report import HubUnreachable

FILES = {
    "join.html": b'<script src="./assets/join-1.js"></script>',
    "stage.html": b'<script src="./assets/stage-1.js"></script>',
    "assets/join-1.js": b'import"./shared-1.js"',
    "assets/stage-1.js": b'import"./shared-1.js"',
    "assets/shared-1.js": b"1",
    "manifest.json": b"{}",
}


class Pages(http.server.BaseHTTPRequestHandler):
    """A hub's pages, and nothing else of it."""

    files: ClassVar[dict[str, bytes]] = dict(FILES)

    def do_GET(self) -> None:
        path = self.path.lstrip("/")
        data = self.files.get(path if "." in path else f"{path}.html")
        self.send_response(404 if data is None else 200)
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Bundle, "read", classmethod(lambda cls: cls(FILES)))
    monkeypatch.setattr(Pages, "files", dict(FILES))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def verify(*arguments: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(app, ["verify", *arguments, "--json"])
    return result.exit_code, json.loads(result.output)


def test_the_same_pages_are_the_same(hub: str) -> None:
    code, found = verify(hub)
    assert (code, found["same"]) == (0, True)
    assert found["served"] == Bundle(FILES).digest()


def test_a_published_digest_is_enough(hub: str) -> None:
    assert verify(hub, "--digest", Bundle(FILES).digest().upper())[0] == 0
    assert verify(hub, "--digest", "00")[0] == 1


@pytest.mark.parametrize("path", ["join.html", "assets/shared-1.js"])
def test_one_altered_byte_is_found(hub: str, path: str) -> None:
    Pages.files[path] = FILES[path] + b" "
    code, found = verify(hub)
    assert (code, found["different"]) == (1, [path])


def test_a_file_added_to_a_page_is_found(hub: str) -> None:
    Pages.files["join.html"] = FILES["join.html"] + b'<script src="./assets/more-1.js"></script>'
    Pages.files["assets/more-1.js"] = b"more"
    assert verify(hub)[1]["different"] == ["assets/more-1.js", "join.html"]


def test_the_pages_are_followed_without_knowing_them(hub: str) -> None:
    assert set(fetch_listing(hub)) == set(FILES) - {"manifest.json"}


def test_what_is_no_hub_is_said(hub: str) -> None:
    Pages.files.clear()
    with pytest.raises(HubUnreachable, match="does not serve"):
        fetch_listing(hub)
    with pytest.raises(HubUnreachable, match="does not answer"):
        fetch_listing("http://127.0.0.1:9")


def test_the_installed_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del tmp_path
    monkeypatch.setattr(Bundle, "read", classmethod(lambda cls: cls(FILES)))
    digest = Bundle(FILES).digest()
    assert CliRunner().invoke(app, ["digest"]).output.strip() == digest
    listed = CliRunner().invoke(app, ["digest", "--files"]).output.split()
    assert "assets/join-1.js" in listed
    assert json.loads(CliRunner().invoke(app, ["digest", "--json"]).output)["digest"] == digest
