"""The lives of values and lines for ``%ir``: what the user named, found in the records of a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tensorlab.magics.errors import MagicError, listed, nearest

if TYPE_CHECKING:
    from tensorlab.jit.function import ScriptFunction
    from tensorlab.jit.ir import Value
    from tensorlab.jit.lives_values import Teller
    from tensorlab.view.mime import View


def value_life(function: ScriptFunction, name: str, wanted: str) -> View:
    """The view of one value's life.

    Raises: `MagicError` with the nearest value where none is named so.
    """
    from tensorlab.view.value_life import ValueLifeView

    teller = teller_of(function)
    value, also = value_named(function, teller, name, wanted, "--value")
    return ValueLifeView(name, teller.value(value), also=also)


def teller_of(function: ScriptFunction) -> Teller:
    """Who tells the lives of a function: with the names that ``%ir`` prints, and the program of the latest call."""
    from tensorlab.jit.lives import Lives
    from tensorlab.jit.lives_places import place_of
    from tensorlab.jit.lives_values import Teller
    from tensorlab.jit.text import Names
    from tensorlab.view.graph import name_values

    names = Names()
    for record in function.records:
        name_values(record.before, names)
        name_values(record.after, names)
    latest = function.latest
    program = None if latest is None else latest.program
    return Teller(Lives(function.records), names, lambda end: None if program is None else place_of(end, program))


def value_named(
    function: ScriptFunction, teller: Teller, name: str, wanted: str, option: str
) -> tuple[Value, list[str]]:
    """The value that the user means, and the printed names of others that the same variable had.

    Raises: `MagicError`.
    """
    from tensorlab.jit.lives_values import printed
    from tensorlab.jit.text import Names

    found = printed(function.records, teller.names)
    full = printed(function.records, Names())  # where constants have names too
    spelled = wanted if wanted.startswith("%") else f"%{wanted}"
    base = wanted.removeprefix("%").partition(".")[0]
    others = [n for n, value in found.items() if value.name.partition(".")[0] == base and n != spelled]
    value = found.get(spelled) or full.get(spelled)
    if value is None and others:
        value = found[others.pop(0)]
    if value is None:
        known = [n for n in found if n.startswith("%")]
        message = f"{option}: {name} has no value {spelled}; its values: {listed(known)}"
        raise MagicError("%ir", message, nearest(spelled, known))
    return value, others
