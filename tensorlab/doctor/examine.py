"""All checks, one after the other: a check that breaks is a finding too."""

from __future__ import annotations

from collections.abc import Callable

from tensorlab.doctor import inside, outside
from tensorlab.doctor.records import Check, Examination, Finding, failure


def examine(*, page: Callable[[], str] | None = None, paths: bool = False) -> Examination:
    """Run every check. ``page`` draws what an untrusted notebook would get; ``paths`` names folders.

    Cost: a second or two, most of it for the first import of Numba.
    """
    checks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("tensor", inside.tensor),
        ("loop and cache", lambda: inside.loop(paths=paths)),
        ("numbers", inside.numbers),
        ("BLAS", inside.blas),
        ("native entries", inside.entries),
        ("kernel", lambda: outside.kernel(paths=paths)),
        ("untrusted notebook", lambda: outside.page(page)),
        ("serving", outside.serving),
        ("charts", outside.charts),
        ("CUDA", outside.cuda),
        ("memory", outside.memory),
    )
    return Examination(tuple(run(name, check) for name, check in checks))


def run(name: str, check: Callable[[], Finding]) -> Check:
    """One check as a record, whatever it raises."""
    try:
        found = check()
    except Exception as error:  # noqa: BLE001 - what broke is what was to be found out; the other checks go on
        message = str(error).split("\n")[0]
        found = failure(f"{type(error).__name__}: {message}", "report it with the output of tensorlab doctor --json")
    return Check(name, found.status, found.message, found.advice)
