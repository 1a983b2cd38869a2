"""What the checks found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

Status = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw; ``advice`` is what to do where it is not well."""

    status: Status
    message: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One check by its name, and what it saw."""

    name: str
    status: Status
    message: str
    advice: str = ""

    def to_dict(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Examination:
    """All checks, in their order."""

    checks: tuple[Check, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """What does not work."""
        return self._with("failed")

    @property
    def warnings(self) -> tuple[Check, ...]:
        """What works with less."""
        return self._with("warning")

    def _with(self, status: Status) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.status == status)

    def to_dict(self) -> dict[str, object]:
        return {
            "healthy": not self.failed,
            "failed": len(self.failed),
            "warnings": len(self.warnings),
            "checks": [check.to_dict() for check in self.checks],
        }


def ok(message: str) -> Finding:
    return Finding("ok", message)


def warning(message: str, advice: str) -> Finding:
    return Finding("warning", message, advice)


def failure(message: str, advice: str) -> Finding:
    return Finding("failed", message, advice)


def spelled(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
