"""The build hook: pages into the wheel, without Node on the machine.

When a wheel is made, `web/` is built by `web/build.py` unless the pages at hand are fresh by content. An editable install
never builds: that is what `make web` is for.
"""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def load(root: Path) -> ModuleType:
    """`web/build.py` as a module; it lies outside the package on purpose."""
    spec = importlib.util.spec_from_file_location("partsong_web_build", root / "web" / "build.py")
    if spec is None or spec.loader is None:
        message = f"no web/build.py under {root}"
        raise FileNotFoundError(message)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class WebBuildHook(BuildHookInterface[Any]):
    """Builds the pages when they are stale; `artifacts` in pyproject.toml puts them into the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's own names
        """Hatchling calls this before it collects files; `version` is `"editable"` for an editable install."""
        if version == "editable":
            return
        digest = load(Path(self.root)).ensure()
        self.app.display_info(f"pages {digest}")
