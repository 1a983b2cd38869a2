"""The compilations of one function: which there are, how often each was called, what each took to make.

The first sizes that a function sees have programs of their own. From the third set of sizes of one kind (dtypes and
numbers of dimensions) on, there is a program for all sizes: in it, dimensions that differed so far are not known. It is
made once, so another size costs no passes; what knows its sizes is faster when it runs, so sizes that are called often
get their own after all.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from threading import Lock
from time import perf_counter
from typing import Any, Literal

from tensorlab.core.compile import Loop, noted
from tensorlab.core.layout import Layout
from tensorlab.core.types import TensorType, Type
from tensorlab.jit.ir import Graph
from tensorlab.jit.program import Program
from tensorlab.jit.records import PassRecord

LIMIT = 64  # kinds of calls kept a function; the one that was not called for longest goes first
EXACT = 2  # sets of sizes of one kind that have programs of their own at once
OFTEN = 16  # calls with other sizes until they have one too

_LOOP_PHASES = ("reading", "llvm", "machine_code", "linking")

Key = tuple[object, ...]  # of each argument its layout, or what it is if it is no tensor
Sizes = tuple[tuple[int | None, ...], ...]  # of each tensor; None where they differ


@dataclass(frozen=True, slots=True)
class CompileSeconds:
    """What making a specialisation took, by phase.

    Copying the graph, the passes, the copies of the graph that their records keep, lowering to a program; then the
    first call, all in all, and within it what getting the loops took that nobody in this process had needed before.
    """

    copying: float
    passes: float
    records: float
    lowering: float
    first_call: float = 0.0
    reading: float = 0.0
    llvm: float = 0.0
    machine_code: float = 0.0
    linking: float = 0.0

    @property
    def total(self) -> float:
        """Everything until the first result was there."""
        return self.copying + self.passes + self.records + self.lowering + self.first_call

    def to_dict(self) -> dict[str, float]:
        return {**asdict(self), "total": self.total}


class Specialisation:
    """One compilation: for which argument types, what each pass did, and the program that came out.

    ``run`` is what a call calls. ``key`` says in words what it is for, ``calls`` how often it was called.
    """

    __slots__ = ("calls", "graph", "key", "program", "records", "run", "seconds", "types", "waited")

    def __init__(
        self,
        types: Sequence[Type],
        records: Sequence[PassRecord],
        graph: Graph,
        program: Program,
        seconds: CompileSeconds,
    ) -> None:
        self.types = tuple(types)
        self.records = tuple(records)
        self.graph = graph
        self.program = program
        self.key = ""
        self.calls = 0
        self.waited = 0  # calls that waited for it to be made
        self.seconds = seconds  # until now: loops are made ready when they are first needed
        self.run: Callable[..., Any] = self._first

    def _first(self, *args: Any) -> Any:
        made: list[Loop] = []
        before = noted.set(made)
        start = perf_counter()
        try:
            result = self.program.run(*args)
        finally:
            noted.reset(before)
        took = perf_counter() - start
        phases = {name: sum(getattr(loop.seconds, name) for loop in made) for name in _LOOP_PHASES}
        self.seconds = replace(self.seconds, first_call=took, **phases)
        self.run = self.program.run
        return result

    @property
    def is_general(self) -> bool:
        """Whether it is for more than one set of sizes."""
        return any(isinstance(t, TensorType) and t.shape is not None and None in t.shape for t in self.types)

    def record(self) -> SpecialisationRecord:
        """Its state now, as data."""
        kind = "general" if self.is_general else "exact"
        loops = tuple(loop.name for loop in self.program.compiled_loops())
        return SpecialisationRecord(self.key, kind, self.calls, self.waited, loops, self.seconds)


class Served:
    """Calls with sizes that the general program takes, until there are many of them."""

    __slots__ = ("_own", "calls", "of", "run")

    def __init__(self, of: Specialisation, own: Callable[[Served, Sequence[Any]], Specialisation]) -> None:
        self.of = of
        self.calls = 0
        self._own = own
        self.run: Callable[..., Any] = self._run

    def _run(self, *args: Any) -> Any:
        if self.calls > OFTEN:
            own = self._own(self, args)
            own.calls += 1
            return own.run(*args)
        self.of.calls += 1
        return self.of.run(*args)


@dataclass(frozen=True, slots=True)
class SpecialisationRecord:
    """One compilation: for which arguments, in words, and what it was good for.

    ``misses`` are calls that waited for it to be made, ``hits`` the others.
    """

    key: str
    kind: Literal["exact", "general"]
    calls: int
    misses: int
    loops: tuple[str, ...]
    seconds: CompileSeconds

    @property
    def hits(self) -> int:
        return self.calls - self.misses

    def to_dict(self) -> dict[str, object]:
        return {
            "key": self.key,
            "kind": self.kind,
            "calls": self.calls,
            "hits": self.hits,
            "misses": self.misses,
            "loops": list(self.loops),
            "seconds": self.seconds.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Specialisations:
    """Every compilation of a function that is kept, the latest used last; counts are those of all there ever were.

    ``evictions`` are compilations that were let go of to keep to ``limit``.
    """

    rows: tuple[SpecialisationRecord, ...]
    hits: int
    misses: int
    evictions: int
    limit: int

    def __iter__(self) -> Iterator[SpecialisationRecord]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> SpecialisationRecord:
        return self.rows[index]

    def __str__(self) -> str:
        """A line for each: what it is for, and how often it was called."""
        width = max((len(row.key) for row in self.rows), default=0)
        lines = [
            f"{row.key:{width}}  {row.kind:7}  {_number(row.calls, 'call')}, {row.misses} waited" for row in self.rows
        ]
        kept = f"{len(self.rows)} of at most {self.limit} kept, {self.evictions} let go"
        return "\n".join([*lines, f"{_number(self.hits, 'hit')}, {_number(self.misses, 'miss', 'misses')}; {kept}"])

    def to_dict(self) -> dict[str, object]:
        return {
            "rows": [row.to_dict() for row in self.rows],
            "hits": self.hits,
            "misses": self.misses,
            "evictions": self.evictions,
            "limit": self.limit,
        }


def _number(count: int, one: str, more: str = "") -> str:
    return f"{count} {one if count == 1 else more or f'{one}s'}"


Make = Callable[[Sequence[Any], "Sizes | None"], Specialisation]


@dataclass(slots=True)
class _Kind:
    """Calls with the same dtypes and numbers of dimensions: sizes with programs of their own, and what all share."""

    exact: set[Sizes]
    common: Sizes
    general: Specialisation | None = None


class SpecialisationTable:
    """The compilations of one function by the keys of calls; threads may share it.

    ``make`` compiles for given inputs: for their sizes, or for those that it is given.
    """

    def __init__(self, make: Make) -> None:
        self.entries: OrderedDict[Key, Specialisation | Served] = OrderedDict()
        self.latest: Specialisation | Served | None = None  # what was called, or asked for, last
        self._make = make
        self._kinds: OrderedDict[Key, _Kind] = OrderedDict()
        self._lock = Lock()
        self._misses = self._evictions = 0
        self._calls = 0  # of those that are gone

    def find(self, inputs: Sequence[Any], key: Key) -> Specialisation | Served:
        """What runs a call with these inputs, made if it is not there."""
        with self._lock:
            found = self.entries.get(key)
            if found is None:
                sizes = _sizes(key)
                kind = self._kind(key, sizes)
                if sizes in kind.exact or len(kind.exact) < EXACT or not any(sizes):
                    found = self._waited_for(self._exact(inputs, key, kind, sizes))
                else:
                    found = Served(self._general(inputs, key, kind, sizes), lambda own, args: self._own(own, args, key))
                self._keep(key, found)
            else:
                self.entries.move_to_end(key)
            self.latest = found
        return found

    def exact(self, inputs: Sequence[Any], key: Key) -> Specialisation:
        """The compilation for just these sizes, made if it is not there."""
        with self._lock:
            found = self.entries.get(key)
            if not isinstance(found, Specialisation):
                sizes = _sizes(key)
                found = self._exact(inputs, key, self._kind(key, sizes), sizes)
                self._keep(key, found)
            self.entries.move_to_end(key)
            self.latest = found
        return found

    def kept(self) -> tuple[Specialisation, ...]:
        """Every compilation, the latest used last."""
        with self._lock:
            entries = [_of(entry) for entry in self.entries.values()]
            generals = [kind.general for kind in self._kinds.values() if kind.general is not None]
        in_order = dict.fromkeys(reversed([*generals, *entries]))  # each where it was used last
        return tuple(reversed(in_order))

    def record(self) -> Specialisations:
        """The state now, as data."""
        rows = tuple(special.record() for special in self.kept())
        calls = self._calls + sum(row.calls for row in rows)
        return Specialisations(rows, calls - self._misses, self._misses, self._evictions, LIMIT)

    def clear(self) -> None:
        """Forget every compilation."""
        with self._lock:
            self.entries.clear()
            self._kinds.clear()
            self.latest = None

    # Under the lock

    def _kind(self, key: Key, sizes: Sizes) -> _Kind:
        name = tuple([(k.dtype, len(k.shape)) if isinstance(k, Layout) else k for k in key])
        found = self._kinds.get(name)
        if found is None:
            found = self._kinds[name] = _Kind(set(), sizes)
            if len(self._kinds) > LIMIT:
                _, gone = self._kinds.popitem(last=False)
                self._let_go(gone.general)
        found.common = _common(found.common, sizes)
        return found

    def _exact(self, inputs: Sequence[Any], key: Key, kind: _Kind, sizes: Sizes) -> Specialisation:
        made = self._make(inputs, None)
        made.key = words(key, sizes)
        kind.exact.add(sizes)
        return made

    def _waited_for(self, made: Specialisation) -> Specialisation:
        made.waited += 1
        self._misses += 1
        return made

    def _general(self, inputs: Sequence[Any], key: Key, kind: _Kind, sizes: Sizes) -> Specialisation:
        """The compilation for sizes like these; one for fewer gives way to one for more."""
        found = kind.general
        if found is None or not _takes(found, sizes):
            for other in [k for k, entry in self.entries.items() if isinstance(entry, Served) and entry.of is found]:
                del self.entries[other]
            self._let_go(found)
            found = kind.general = self._waited_for(self._make(inputs, kind.common))
            found.key = words(key, kind.common)
        return found

    def _keep(self, key: Key, found: Specialisation | Served) -> None:
        self.entries[key] = found
        if len(self.entries) > LIMIT:
            _, gone = self.entries.popitem(last=False)
            self._let_go(gone if isinstance(gone, Specialisation) else None)

    def _let_go(self, gone: Specialisation | None) -> None:
        if gone is not None:
            self._evictions += 1
            self._calls += gone.calls

    # Called by what was found

    def _own(self, served: Served, args: Sequence[Any], key: Key) -> Specialisation:
        """A compilation for sizes that the general one took until now."""
        with self._lock:
            found = self.entries.get(key)
            if found is served or found is None:
                sizes = _sizes(key)
                found = self._waited_for(self._exact(args, key, self._kind(key, sizes), sizes))
                self._keep(key, found)
                self.latest = found
        return _of(found)


def _of(entry: Specialisation | Served) -> Specialisation:
    return entry.of if isinstance(entry, Served) else entry


def _sizes(key: Key) -> Sizes:
    return tuple([tuple(k.shape) for k in key if isinstance(k, Layout)])


def _common(a: Sizes, b: Sizes) -> Sizes:
    """Sizes that are the same, None for those that differ."""
    return tuple([tuple([m if m == n else None for m, n in zip(x, y, strict=True)]) for x, y in zip(a, b, strict=True)])


def _takes(general: Specialisation, sizes: Sizes) -> bool:
    shapes = [t.shape or () for t in general.types if isinstance(t, TensorType)]
    return all(m in (None, n) for x, y in zip(shapes, sizes, strict=True) for m, n in zip(x, y, strict=True))


def words(key: Key, sizes: Sizes) -> str:
    """What calls a compilation is for: ``float32[64, 10], int``; sizes that are not known are ``s0``, ``s1``, ..."""
    parts: list[str] = []
    shapes = iter(sizes)
    unknown = 0
    for k in key:
        if not isinstance(k, Layout):
            parts.append(k.__name__ if isinstance(k, type) else str(k))
            continue
        texts: list[str] = []
        shape = next(shapes)
        for n in shape:
            texts.append(f"s{unknown}" if n is None else str(n))
            unknown += n is None
        strided = "" if k.is_contiguous or None in shape else f" by steps of {k.strides}"
        parts.append(f"{k.dtype.name}[{', '.join(texts)}]{strided}")
    return ", ".join(parts) or "nothing"
