"""Partsong: a group feels together, live, and nobody but themselves sees what one person feels.

The rooms, from the bottom up: `report` (the words), `privacy` (what may leave, and how blurred), `crowd` (synthetic
and recorded people), `connector` (runs on the person's device), `space` (the picture of the many), `hub` (puts the
parts together) and `cli`. ARCHITECTURE.md draws them; the import contracts in pyproject.toml keep the drawing true.
"""

__version__ = "0.1.0.dev0"
