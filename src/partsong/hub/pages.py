r"""The pages: the static bundle that `web/build.py` makes, read once at the start, and its digest.

Promised: the digest of a bundle is one SHA-256 over the lines `"<sha256>  <path>\n"` sorted by path, of every file but
`manifest.json`; the same bytes that were digested are the bytes served. Where no bundle was built, a plain page says how.

Left to others: what a digest proves. A page that a hub serves is only as honest as the hub was when it was loaded;
`partsong page verify` compares it from outside.
"""

import hashlib
import mimetypes
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

STATIC: Final = Path(__file__).resolve().parent / "static"
MANIFEST: Final = "manifest.json"
PAGES: Final = ("join", "stage")

_TYPES: Final = {".js": "text/javascript", ".woff2": "font/woff2", ".css": "text/css", ".html": "text/html"}
_NOT_BUILT: Final = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Partsong</title>"
    "<p>The pages are not built yet. Run <code>make web</code>, then start the hub again.</p></html>"
)


@dataclass(frozen=True)
class Bundle:
    """Every file of the pages: path with forward slashes -> bytes."""

    files: dict[str, bytes] = field(repr=False)

    @classmethod
    def read(cls, folder: Path = STATIC) -> "Bundle":
        """Read a folder; one that is not there is an empty bundle."""
        paths = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []
        return cls({path.relative_to(folder).as_posix(): path.read_bytes() for path in paths})

    @property
    def built(self) -> bool:
        """Whether the pages are there."""
        return all(f"{page}.html" in self.files for page in PAGES)

    def page(self, name: str) -> bytes:
        """One page's HTML."""
        return self.files.get(f"{name}.html", _NOT_BUILT.encode())

    def listing(self) -> dict[str, str]:
        """Path -> SHA-256 in hex, sorted by path, without the manifest."""
        return {path: sha256(self.files[path]) for path in sorted(self.files) if path != MANIFEST}

    def digest(self) -> str:
        """The one digest of the bundle, in hex."""
        return digest(self.listing())


def sha256(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def digest(listing: dict[str, str]) -> str:
    """One SHA-256 over a listing: path -> SHA-256 in hex."""
    return sha256("".join(f"{listing[path]}  {path}\n" for path in sorted(listing)).encode())


def media_type(path: str) -> str:
    """The media type to serve a file with."""
    suffix = Path(path).suffix
    return _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
