"""Programs: the text of a lowered graph made callable, with the loops that it calls."""

from __future__ import annotations

import hashlib
import linecache
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tensorlab.core.compile import Loop
from tensorlab.core.pointwise import RegionRunner
from tensorlab.core.region import Region
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.errors import RunError


class FusedLoop:
    """A region of a program: called with its tensors, then its numbers."""

    __slots__ = ("_runner", "_tensors", "name")

    def __init__(self, name: str, region: Region) -> None:
        self.name = name
        self._runner = RegionRunner(region)
        self._tensors = region.inputs

    @property
    def region(self) -> Region:
        """What is computed."""
        return self._runner.region

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The compiled loops so far: one a combination of layouts."""
        found = {id(p.loop): p.loop for p in self._runner.plans.values() if p.loop is not None}
        return tuple(found.values())

    def __call__(self, *args: Any) -> Any:
        """Run into new tensors."""
        n = self._tensors
        results = self._runner(args[:n], args[n:])
        return results[0] if len(results) == 1 else results

    def into(self, storage: Storage, offsets: Sequence[int], *args: Any) -> Any:
        """Run into an arena, each result at its offset in bytes."""
        n = self._tensors
        inputs, params = args[:n], args[n:]
        plan = self._runner.plan([t.layout for t in inputs], params)
        results = tuple(
            Tensor(storage, form, offset // form.dtype.itemsize)
            for form, offset in zip(plan.results, offsets, strict=True)
        )
        plan.fill([r.address for r in results], [t.address for t in inputs], params)
        return results[0] if len(results) == 1 else results


def raise_script(place: str, *values: Any) -> None:
    """What ``raise`` and a failed ``assert`` of a script become.

    Raises: `RunError`, always.
    """
    message = " ".join(str(v) for v in values) or "the script raised an exception"
    raise RunError(f"{message} ({place})" if place else message)


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A lowered graph: its text is what runs."""

    text: str
    loops: tuple[FusedLoop, ...]
    arena_nbytes: int
    unshared_nbytes: int
    run: Callable[..., tuple[Any, ...]] = field(repr=False)

    def compiled_loops(self) -> tuple[Loop, ...]:
        """Every compiled loop that the program has called so far, in the program's order."""
        return tuple(loop for fused in self.loops for loop in fused.loops)


def build_program(text: str, names: dict[str, Any], loops: tuple[FusedLoop, ...], arena: Any) -> Program:
    """Make a program of its text; tracebacks show the text's lines."""
    filename = f"<tensorlab program {hashlib.sha256(text.encode()).hexdigest()[:12]}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    namespace = dict(names)
    exec(compile(text, filename, "exec"), namespace)  # noqa: S102 - text that lowering wrote
    return Program(text, loops, arena.nbytes, arena.unshared_nbytes, namespace["program"])
