"""The notebook's names for ``%storage``: all that have bytes, and those that a line asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tensorlab.magics import notebook
from tensorlab.magics.errors import MagicError, a_kind, listed, nearest

if TYPE_CHECKING:
    from tensorlab.core.contents import Contents
    from tensorlab.core.holding import Holding
    from tensorlab.core.sharing import SharingReport

_IPYTHONS = {"In", "Out", "exit", "quit", "get_ipython", "open"}
_COMMA = re.compile(r",(?![^\[]*\])")  # not one between brackets: it is of a key


@dataclass(frozen=True, slots=True)
class Held:
    """What names hold, name by name."""

    parts: tuple[tuple[str, Contents], ...]

    @property
    def names(self) -> list[str]:
        """Names that hold anything with bytes."""
        return [name for name, found in self.parts if found.holdings or found.unseen]

    @property
    def holdings(self) -> list[tuple[str, Holding]]:
        return [entry for _, found in self.parts for entry in found.holdings]

    def report(self) -> SharingReport:
        """Who shares with whom."""
        from tensorlab.core.sharing import UnseenRecord, report

        unseen = [UnseenRecord(name, u.kind, u.reason) for _, found in self.parts for name, u in found.unseen]
        return report(self.holdings, unseen, left_out=sum(found.left_out for _, found in self.parts))

    def joined(self, other: Held) -> Held:
        """Both, what is in both once."""
        mine = {name for _, found in self.parts for name, _ in found.holdings}
        more = [part for part in other.parts if any(name not in mine for name, _ in part[1].holdings)]
        return Held((*self.parts, *more))


def everything(names: Mapping[str, Any]) -> Held:
    """What the notebook's names hold: tensors first, then arrays, then the rest, each in the order of binding."""
    from tensorlab.core.contents import contents
    from tensorlab.core.holdings import Holdings

    holdings = Holdings()
    seen = {n: v for n, v in list(names.items()) if not n.startswith("_") and n not in _IPYTHONS}
    ordered = sorted(seen, key=lambda name: _rank(seen[name]))
    return Held(tuple((name, contents({name: seen[name]}, holdings)) for name in ordered))


def _rank(value: object) -> int:
    return 0 if notebook.is_tensor(value) else 1 if notebook.is_array(value) else 2


def asked(names: Mapping[str, Any], words: Iterable[str], every: Held, magic: str, option: str = "") -> Held:
    """What the words of a line ask for: a name with all in it, or one thing in it, as ``net.fc1.weight``.

    Raises: `MagicError` for a word that names nothing with bytes, with the nearest that does.
    """
    return Held(tuple((word, _asked(names, word, every, magic, option)) for word in _words(words)))


def _words(words: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(word for text in words for word in _COMMA.split(text) if word))


def _root(word: str) -> str:
    return re.split(r"[.\[]", word, maxsplit=1)[0]


def still(names: Mapping[str, Any], words: Iterable[str]) -> Held:
    """What words ask for of what is there now: a name may be gone, or hold nothing any more."""
    from tensorlab.core.contents import Contents, contents

    parts: list[tuple[str, Contents]] = []
    for word in _words(words):
        root = _root(word)
        if root in names:
            found = contents({root: names[root]}).holdings
            parts.append((word, Contents([entry for entry in found if _is_in(entry[0], word)])))
    return Held(tuple(parts))


def first(names: Mapping[str, Any], word: str, every: Held, magic: str, option: str) -> tuple[str, Holding]:
    """The one thing of a name, or the first of several in one buffer.

    Raises: `MagicError` as `one`.
    """
    found = _asked(names, word, every, magic, option).holdings
    starts = {(holding.root.place, holding.root.address) for _, holding in found}
    return found[0] if len(starts) == 1 else one(names, word, every, magic, option)


def one(names: Mapping[str, Any], word: str, every: Held, magic: str, option: str) -> tuple[str, Holding]:
    """The one thing of a name.

    Raises: `MagicError` as `asked`, and for a name of several things or of one without bytes to show.
    """
    found = _asked(names, word, every, magic, option)
    if len(found.holdings) == 1:
        return found.holdings[0]
    if not found.holdings:
        name, unseen = found.unseen[0]
        raise MagicError(magic, f"{option}: {name} has no bytes of its own to show: {unseen.reason}")
    inside = [name for name, _ in found.holdings]
    raise MagicError(magic, f"{option}: {word} holds {len(inside)} things: {listed(inside)}", "take one of them")


def _asked(names: Mapping[str, Any], word: str, every: Held, magic: str, option: str) -> Contents:
    from tensorlab.core.contents import Contents, contents

    lead = f"{option}: " if option else ""
    root = _root(word)
    if root in names:
        whole = contents({root: names[root]})
        found = Contents(
            [entry for entry in whole.holdings if _is_in(entry[0], word)],
            [entry for entry in whole.unseen if _is_in(entry[0], word)],
            whole.left_out if root == word else 0,
        )
        if found.holdings or found.unseen:
            return found
        inside = [name for name, _ in whole.holdings]
        if inside:
            raise MagicError(magic, f"{lead}{root} has no {word[len(root) :]}", nearest(word, inside))
    there = f"{word} is {a_kind(names[word])}" if word in names else f"nothing is named {word!r}"
    known = every.names
    raise MagicError(magic, f"{lead}{there}; tensors and arrays here: {listed(known)}", nearest(word, known))


def _is_in(name: str, word: str) -> bool:
    """Whether a name is the word, or of something in it. A shell's line has lost its quotes: they don't count."""
    name, word = _bare(name), _bare(word)
    return name == word or name.startswith((f"{word}.", f"{word}["))


def _bare(text: str) -> str:
    return text.replace("'", "").replace('"', "")


def completions(names: Mapping[str, Any], words: Sequence[str]) -> list[str]:
    """Names, and things in them, that a line may still ask for."""
    held = everything(names)
    inside = [name for name, _ in held.holdings if len(name) <= 60]
    return [name for name in dict.fromkeys([*held.names, *inside]) if name not in words][:200]
