"""The terms under which a connector answers at all. They are built in: no hub and no charter can change them."""

from partsong.privacy.ledger import Promise
from partsong.report import CONTEXTS, ContextRefused, Level, NotPermitted, Task


def accept(task: Task) -> Promise:
    """What a task promises, if a person may be asked it.

    Raises:
        CeilingExceeded: It asks for more than the built-in ceilings.
        ContextRefused: It is asked at a workplace, of school pupils, or anywhere that formats.md does not name.
        NotPermitted: It is not a veiled task with the disk randomiser, or one report alone would break its promise.
    """
    if task.context not in CONTEXTS:
        raise ContextRefused(
            f"This task is asked in the context {task.context!r}.", "Partsong does not answer there; nothing leaves."
        )
    if task.level is not Level.VEILED or task.noise != "disk" or task.delta:
        raise NotPermitted("This connector answers veiled tasks with the disk randomiser only.")
    return Promise.of(task)
