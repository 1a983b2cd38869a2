"""Holders: why bytes are still there. Who refers to what reaches them, back to names, modules and running functions.

The garbage collector knows containers; it does not know what NumPy's views, torch and other C code hold. So everything
that reaches the bytes is found first, by address, and then whoever refers to that, step by step.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, cast

import numpy as np

from tensorlab.core.chains import words
from tensorlab.core.contents import Contents
from tensorlab.core.heap import byte_things, is_machinery, running, unseen_references
from tensorlab.core.holding import Holding, Root
from tensorlab.core.holdings import Holdings
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor

MOST_OBJECTS = 4000
MOST_CHAINS = 40
_OURS = (Holding, Root, Contents)


@dataclass(frozen=True, slots=True)
class Chain:
    """One way from a root to the bytes.

    ``kind``: ``name``, ``output`` (IPython keeps results), ``error`` (the last one's traceback), ``frame`` (a function
    that runs), ``module`` or ``cycle``.
    ``path`` leads from the root to what reaches the bytes, ``undo`` is the statement that cuts it, empty for none.
    """

    root: str
    kind: str
    path: str
    holds: str
    undo: str

    def to_dict(self) -> dict[str, str]:
        return {"root": self.root, "kind": self.kind, "path": self.path, "holds": self.holds, "undo": self.undo}


@dataclass(frozen=True, slots=True)
class HoldersReport:
    """What keeps the bytes behind a name, and what would free them.

    ``command`` cuts all chains, empty where some chain cannot be cut from the notebook. ``unknown`` says what is not
    certain. ``left_out`` counts chains that are not listed.
    """

    name: str
    nbytes: int
    origin: str
    chains: tuple[Chain, ...]
    command: str
    unknown: tuple[str, ...]
    left_out: int = 0

    def to_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "nbytes": self.nbytes,
            "origin": self.origin,
            "chains": [chain.to_dict() for chain in self.chains],
            "command": self.command,
            "unknown": list(self.unknown),
            "left_out": self.left_out,
        }


def holders(name: str, holding: Holding, namespace: Mapping[str, Any]) -> HoldersReport:
    """Who holds the bytes behind a holding; ``namespace`` is the notebook's own dict of names.

    Cost: a few walks over all containers of the process: 0.3 s in one that has loaded torch, jax and pandas.
    """
    search = _Search(holding, namespace)
    try:
        search.climb()
        chains = search.chains()
        unknown = search.unknown()
    finally:
        search.let_go()
    ends = [chain for chain in chains if not chain.undo]
    command = "" if ends or not chains else _command(chains)
    shown = sorted(chains, key=lambda chain: (_ORDER.index(chain.kind), len(chain.path)))
    return HoldersReport(
        name,
        holding.root.nbytes,
        holding.root.origin,
        tuple(shown[:MOST_CHAINS]),
        command,
        tuple(unknown),
        max(len(shown) - MOST_CHAINS, 0),
    )


_ORDER = ("name", "output", "error", "frame", "module", "cycle")
GC = "import gc; gc.collect()"
RESET_OUT = "%reset -f out"
HIDDEN = "get_ipython().user_ns_hidden.update(_=None, __=None, ___=None)"  # which resetting leaves alone


def _command(chains: Sequence[Chain]) -> str:
    undo = list(dict.fromkeys(chain.undo for chain in chains))
    deleted = [text.removeprefix("del ") for text in undo if text.startswith("del ")]
    parts = [f"del {', '.join(deleted)}"] if deleted else []
    others = [text for text in undo if not text.startswith("del ")]
    order = {RESET_OUT: 1, HIDDEN: 2, GC: 3}
    return "\n".join([*parts, *sorted(others, key=lambda text: order.get(text, 0))])


class _Search:
    """Everything that leads to some bytes. ``nodes`` holds what was found, ``down`` the next one on the way to them."""

    __slots__ = (
        "bindings",
        "down",
        "frames",
        "full",
        "handles",
        "hidden",
        "interval",
        "modules",
        "namespace",
        "nodes",
        "own",
        "place",
        "shell",
        "unlisted",
        "up",
    )

    def __init__(self, holding: Holding, namespace: Mapping[str, Any]) -> None:
        root = holding.root
        self.namespace = namespace
        self.place = root.place
        self.interval = (root.address, root.address + root.nbytes)
        self.modules = {id(getattr(m, "__dict__", None)): n for n, m in list(sys.modules.items())}
        self.nodes: dict[int, Any] = {}
        self.down: dict[int, int | None] = {}
        self.up: dict[int, dict[int, None]] = {}
        self.unlisted: dict[int, list[Any]] = {}
        self.bindings: list[tuple[str, str, str, int]] = []  # kind, root, key, node
        self.shell: Any = getattr(namespace.get("get_ipython"), "__self__", None)
        self.hidden: Any = getattr(self.shell, "user_ns_hidden", None)
        self.frames = list(running())
        self.full = False
        self.own: set[int] = set()
        self.own |= set(map(id, (self, self.nodes, self.down, self.up, self.unlisted, self.bindings, self.frames)))
        self.handles = self._handles(holding)
        self.own.add(id(self.handles))

    def let_go(self) -> None:
        """Drop all that was found. The frames are those of this search too, and hold it: it would hold itself."""
        for table in (self.nodes, self.unlisted, self.up, self.down, self.handles, self.frames):
            table.clear()

    def _handles(self, holding: Holding) -> list[Any]:
        """All that reaches the bytes and lies in some container, and the buffer's own owner."""
        found: dict[int, Any] = {id(holding.thing): holding.thing, id(holding.root.owner): holding.root.owner}
        self.own.add(id(found))
        look = Holdings()
        for value in byte_things(self.own, self.unlisted):
            if id(value) in found:
                continue
            pieces = look.of(value)
            if any(isinstance(piece, Holding) and self._meets(piece.root) for piece in pieces):
                found[id(value)] = value
        for value in list(found.values()):
            if isinstance(value, np.ndarray):
                self._bases(cast(Any, value), found)
            if isinstance(value, Tensor) and id(value.storage()) not in found:
                found[id(value.storage())] = value.storage()
        return list(found.values())

    def _bases(self, array: Any, found: dict[int, Any]) -> None:
        """NumPy's own references, which the collector does not know of."""
        while array.base is not None:
            held: list[Any] = self.unlisted.setdefault(id(array.base), [])
            self.own.add(id(held))
            if not any(other is array for other in held):
                held.append(array)
            found.setdefault(id(array.base), array.base)
            if type(array.base) is not np.ndarray:
                return
            array = array.base

    def _meets(self, root: Root) -> bool:
        low, high = self.interval
        return root.place == self.place and root.address < high and low < root.address + root.nbytes

    def climb(self) -> None:
        """Step by step to whoever refers to what was found, until names, modules and classes."""
        frontier = list(self.handles)
        for value in frontier:
            self.nodes[id(value)] = value
            self.down[id(value)] = None
        while frontier:
            self.own.add(id(frontier))
            wanted = set(map(id, frontier))
            referrers = gc.get_referrers(*frontier)
            self.own.add(id(referrers))
            following: list[Any] = []
            self.own.add(id(following))
            views = [(view, key) for key in wanted for view in self.unlisted.get(key, ())]
            self.own.add(id(views))
            for view, key in views:
                self._add(view, [key], following)
            for referrer in referrers:
                if self._is_ours(referrer):
                    continue
                held = [id(value) for value in gc.get_referents(referrer) if id(value) in wanted]
                if not self._binds(referrer, held):
                    self._add(referrer, held, following)
            if len(self.nodes) > MOST_OBJECTS:
                self.full = True
                break
            frontier = following
        for frame in self.frames:
            if not is_machinery(frame):
                held = [id(value) for value in gc.get_referents(frame) if id(value) in self.nodes]
                where = f"{frame.f_code.co_name} (running)"
                self.bindings += [("frame", where, "a local variable", key) for key in dict.fromkeys(held)]

    def _add(self, referrer: Any, held: Sequence[int], following: list[Any]) -> None:
        key = id(referrer)
        new = key not in self.nodes
        if new:
            self.nodes[key] = referrer
            following.append(referrer)
        for child in held:
            self.up.setdefault(child, {})[key] = None
            if child != key:
                self.down.setdefault(key, child)

    def _is_ours(self, referrer: object) -> bool:
        if id(referrer) in self.own or isinstance(referrer, _OURS):
            return True
        if isinstance(referrer, FrameType):
            return is_machinery(referrer) or any(referrer is frame for frame in self.frames)
        kind = type(referrer)
        return kind.__name__ == "ExecutionResult"  # IPython's of the last cell: the next cell replaces it

    def _binds(self, referrer: Any, held: Iterable[int]) -> bool:
        """Whether a referrer is a root, and if so its bindings."""
        kind = cast(Any, type(referrer))
        if referrer is self.namespace:
            self._bind_names(cast("dict[str, Any]", referrer), held)
        elif kind is dict and id(referrer) in self.modules:
            module = self.modules[id(referrer)]
            self._bind_items("module", f"module {module}", cast("dict[Any, Any]", referrer), held)
        elif kind is dict and referrer is self.namespace.get("_oh"):
            self._bind_items("output", "Out", cast("dict[Any, Any]", referrer), held)
        elif referrer is self.hidden and self.hidden is not None:
            self._bind_hidden(held)
        elif kind.__name__.endswith("DisplayHook"):
            self.bindings += [("output", "_", "", key) for key in dict.fromkeys(held)]
        elif isinstance(referrer, TracebackType):
            self.bindings += [("error", "the last error's traceback", "", key) for key in dict.fromkeys(held)]
        elif referrer is self.shell and self.shell is not None:
            self.bindings += [("module", "IPython's shell", "", key) for key in dict.fromkeys(held)]
        elif isinstance(referrer, type):
            self.bindings += [("module", f"class {referrer.__name__}", "", key) for key in dict.fromkeys(held)]
        else:
            return False
        return True

    def _bind_names(self, names: dict[str, Any], held: Iterable[int]) -> None:
        wanted = set(held)
        for name, value in list(names.items()):
            if id(value) not in wanted or name in ("_oh", "Out"):
                continue
            kept = name.strip("_") == "" or (name[0] == "_" and name[1:].isdigit())
            self.bindings.append(("output" if kept else "name", name, "", id(value)))

    def _bind_hidden(self, held: Iterable[int]) -> None:
        wanted = set(held)
        names = [(name, id(value)) for name, value in list(self.hidden.items()) if id(value) in wanted]
        self.bindings += [("output", name, "hidden", key) for name, key in names]

    def _bind_items(self, kind: str, root: str, items: dict[Any, Any], held: Iterable[int]) -> None:
        wanted = set(held)
        found = [(kind, root, repr(k), id(v)) for k, v in list(items.items()) if id(v) in wanted]
        self.bindings += found

    def chains(self) -> list[Chain]:
        """A chain for each binding, the shortest way down from it; then cycles that hang together without a root."""
        found: dict[tuple[str, str], Chain] = {}
        kept = {node for kind, _, _, node in self.bindings if kind == "output"}
        # What has a name and is a result too: one command of IPython's takes it out of all its tables.
        undo = {node: f"%xdel {root}" for kind, root, _, node in self.bindings if kind == "name" and node in kept}
        for kind, root, key, node in self.bindings:
            chain = self._chain(kind, root, key, node, undo.get(node, ""))
            found.setdefault((chain.root, chain.path), chain)
        for key in self._loose():
            path, holds = words([self.nodes[k] for k in self._way(key)])
            kind = type(self.nodes[key]).__name__
            found.setdefault(("cycle", kind), Chain(f"a {kind} in a cycle", "cycle", path, holds, GC))
        return list(found.values())

    def _chain(self, kind: str, root: str, key: str, node: int, undo: str) -> Chain:
        path, holds = words([self.nodes[k] for k in self._way(node)])
        if kind == "name":
            return Chain(root, kind, f"{root}{path}", holds, undo if undo.split(" ")[-1] == root else f"del {root}")
        if kind == "output":
            if key == "hidden":
                return Chain(root, kind, f"{root}, as IPython hides it{path}", holds, undo or HIDDEN)
            shown = f"Out[{key}]" if root == "Out" else root
            return Chain(shown, kind, f"{shown}{path}", holds, undo or RESET_OUT)
        if kind == "error":
            return Chain(root, kind, f"{root}{path}", holds, "")
        if kind == "module":
            name = f".{key[1:-1]}" if key else ""
            return Chain(root, kind, f"{root}{name}{path}", holds, "")
        return Chain(root, kind, f"{key} of {root}{path}", holds, "")

    def _way(self, key: int) -> list[int]:
        way: list[int] = []
        at: int | None = key
        while at is not None and at not in way:
            way.append(at)
            at = self.down.get(at)
        return way

    def _rooted(self) -> set[int]:
        """What some root leads to."""
        below: dict[int, list[int]] = {}
        for child, parents in self.up.items():
            for parent in parents:
                below.setdefault(parent, []).append(child)
        rooted = {node for _, _, _, node in self.bindings}
        queue = list(rooted)
        while queue:
            for child in below.get(queue.pop(), ()):
                if child not in rooted:
                    rooted.add(child)
                    queue.append(child)
        return rooted

    def _loose(self) -> Iterator[int]:
        """Containers that lead to the bytes, are held by one another and by no root."""
        rooted = self._rooted()
        for key in self.nodes:
            if key not in rooted and key in self.up and gc.is_tracked(self.nodes[key]):
                ancestors = self._above(key)
                if key in ancestors and not ancestors & rooted:
                    yield key
                    return

    def _above(self, key: int) -> set[int]:
        found: set[int] = set()
        queue = [key]
        while queue:
            for parent in self.up.get(queue.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    queue.append(parent)
        return found

    def unknown(self) -> list[str]:
        """What the search cannot know."""
        said: list[str] = []
        if self.full:
            said.append(f"more than {MOST_OBJECTS:,} objects lead there, and the search ended: others may hold it too")
        kinds = {type(value).__module__.partition(".")[0] for value in self.handles}
        said += [f"{name} may hold the bytes in C++ too, where nobody can look" for name in _FOREIGN if name in kinds]
        things = [v for v in self.handles if isinstance(v, (Storage, Tensor)) or type(v) is np.ndarray]
        unseen = unseen_references(things, self.unlisted) if things else 0
        if unseen:
            said.append(f"{unseen} of the references come from C code or a call in progress, which cannot be seen")
        return said


_FOREIGN = ("torch", "jaxlib", "pyarrow")
