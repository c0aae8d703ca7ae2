"""Run: puts a connector's parts together. Here, and nowhere else, a session meets sockets, disk, clock and chance.

`clock` reads the device's clocks, `files` keeps the ledger on disk, `one` runs one person's connector, `many` runs
many in one process, each with its own session, ledger and line. This package alone imports `egress` and `reader`.
"""

from partsong.connector.run.clock import device_clock, random_pause
from partsong.connector.run.files import LedgerFile, default_ledger_path
from partsong.connector.run.many import Audience, Many, MemoryStore, run_many
from partsong.connector.run.one import Connector, Spending, read_task

__all__ = [
    "Audience",
    "Connector",
    "LedgerFile",
    "Many",
    "MemoryStore",
    "Spending",
    "default_ledger_path",
    "device_clock",
    "random_pause",
    "read_task",
    "run_many",
]
