"""How a command ends: the status that a shell gets, and what it says on the way out."""

from __future__ import annotations

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130


class CommandError(Exception):
    """A command that ends here: what to say on standard error, behind the command's name, and the exit status."""

    def __init__(self, message: str, status: int = USAGE) -> None:
        super().__init__(message)
        self.status = status


class ProgramError(CommandError):
    """A command that ends because of what the user's program did: a traceback, or lines of its source, as they are."""

    def __init__(self, shown: str) -> None:
        super().__init__(shown, FAILED)
