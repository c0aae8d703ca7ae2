import hashlib
from pathlib import Path

from partsong.hub.pages import Bundle, digest, media_type


def test_the_digest_is_over_the_sorted_listing(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "join.html").write_bytes(b"join")
    (tmp_path / "assets" / "a.js").write_bytes(b"a")
    (tmp_path / "manifest.json").write_bytes(b"{}")
    bundle = Bundle.read(tmp_path)
    one, two = hashlib.sha256(b"a").hexdigest(), hashlib.sha256(b"join").hexdigest()
    expected = hashlib.sha256(f"{one}  assets/a.js\n{two}  join.html\n".encode()).hexdigest()
    assert bundle.digest() == expected == digest(bundle.listing())
    assert not bundle.built
    assert b"make web" in bundle.page("stage")


def test_media_types() -> None:
    assert media_type("assets/a.js") == "text/javascript"
    assert media_type("assets/a.woff2") == "font/woff2"
    assert media_type("a.strange") == "application/octet-stream"
