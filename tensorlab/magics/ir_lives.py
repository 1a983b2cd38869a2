"""The lives of values and lines for ``%ir``: what the user named, found in the records of a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tensorlab.magics.errors import MagicError, listed, nearest

OPTIONS = ("--value", "--line", "--why-not")
_QUESTIONS = ("without", "order", "only", "edit", "check", "measure", "compare")  # of other modules
SUBJECTS = ("fuse", "cse", "unroll", "vectorize")

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tensorlab.jit.function import ScriptFunction
    from tensorlab.jit.ir import Value
    from tensorlab.jit.lives_ends import End
    from tensorlab.jit.lives_places import Place
    from tensorlab.jit.lives_teller import Teller
    from tensorlab.view.mime import View


def asked(function: ScriptFunction, name: str, args: Any) -> View | None:
    """The view that ``--value``, ``--line`` or ``--why-not`` asks for; `None` where none of them stands in the line.

    Raises: `MagicError` for two of them, and what each of them raises.
    """
    given = [option for option in OPTIONS if getattr(args, option.strip("-").replace("-", "_")) is not None]
    if given == ["--line"] and args.stage not in (None, "graph"):
        return None  # the line is marked in the stage
    if not given:
        return None
    if len(given) > 1:
        raise MagicError("%ir", f"{given[0]} and {given[1]} ask for different things", f"leave {given[1]} out")
    if args.stage is not None or args.pass_name is not None or args.all or args.stable:
        raise MagicError("%ir", f"{given[0]} takes no --stage, --pass, --all or --stable")
    other = next((word for word in _QUESTIONS if getattr(args, word, None) not in (None, False)), None)
    if other is not None:
        raise MagicError("%ir", f"{given[0]} and --{other} ask for different things", f"leave --{other} out")
    if args.value is not None:
        return value_life(function, name, args.value)
    return line_life(function, name, args.line) if args.line is not None else why_not(function, name, args.why_not)


def side_of(function: ScriptFunction, name: str, args: Any) -> Any:
    """What ``--gradient`` asks of: the program of one direction, under the words of a compiled function.

    Raises: `MagicError` where there is none, and for questions that are asked of whole functions.
    """
    from tensorlab.errors import ArgumentError
    from tensorlab.jit.gradient_side import gradient_side

    other = next((word for word in ("edit", "compare") if getattr(args, word, None) not in (None, False)), None)
    if other is not None:
        raise MagicError("%ir", f"--gradient takes no --{other}", f"%ir {name} --gradient {args.gradient}")
    try:
        return gradient_side(function, args.gradient, name)
    except ArgumentError as error:
        hint = "" if function.gradient_programs else "call it with a tensor that has requires_grad=True"
        raise MagicError("%ir", str(error), hint) from None


def not_compiled(function: ScriptFunction, name: str) -> MagicError:
    """The error for what is compiled for the arguments of a call, where there was none that is not differentiated."""
    if function.gradient_programs:
        message = f"all calls of {name} took tensors that require gradients, and ran programs of their own"
        return MagicError("%ir", message, f"%ir {name} --gradient forward")
    message = f"{name} has not been called yet, and is compiled for the arguments of a call"
    return MagicError("%ir", message, f"call {name}(...) once")


def value_life(function: ScriptFunction, name: str, wanted: str) -> View:
    """The view of one value's life.

    Raises: `MagicError` with the nearest value where none is named so.
    """
    from tensorlab.view.value_life import ValueLifeView

    teller = teller_of(function)
    value, also = value_named(function, teller, name, wanted, "--value")
    return ValueLifeView(name, teller.value(value), also=also)


def teller_of(function: ScriptFunction, *, code: bool = True) -> Teller:
    """Who tells the lives of a function: with the names that ``%ir`` prints, and the program of the latest call.

    ``code`` adds excerpts of the loops, for which those from the disk cache are compiled once more.
    """
    from tensorlab.jit.lives import Lives
    from tensorlab.jit.lives_places import Places
    from tensorlab.jit.lives_teller import Teller, graphs_of
    from tensorlab.jit.text import Names
    from tensorlab.view.graph import name_values

    names = Names()
    for graph in graphs_of(function.records):
        name_values(graph, names)
    latest = function.latest
    places = None if latest is None else Places(latest.program)

    def place(end: End) -> Place | None:
        return None if places is None else places.of(end, code=code)

    return Teller(Lives(function.records), names, place)


def value_named(
    function: ScriptFunction, teller: Teller, name: str, wanted: str, option: str
) -> tuple[Value, list[str]]:
    """The value that the user means, and the printed names of others that the same variable had.

    Raises: `MagicError`.
    """
    from tensorlab.jit.lives_teller import printed
    from tensorlab.jit.text import Names

    if not wanted.removeprefix("%"):
        example = option if option == "--value" else f"{option} fuse"
        raise MagicError("%ir", f"{option}: takes the name of a value, got {wanted!r}", f"%ir {name} {example} %7")
    found = printed(function.records, teller.names)
    spelled = wanted if wanted.startswith("%") else f"%{wanted}"
    base = wanted.removeprefix("%").partition(".")[0]
    others = [n for n, value in found.items() if value.name.partition(".")[0] == base and n != spelled]
    # Where that is no printed name, constants have names too.
    value = found.get(spelled) or printed(function.records, Names()).get(spelled)
    if value is None and others:
        value = found[others.pop(0)]
    if value is None:
        known = [n for n in found if n.startswith("%")]
        message = f"{option}: {name} has no value {spelled}; its values: {listed(known)}"
        raise MagicError("%ir", message, nearest(spelled, known))
    return value, [n for n in others if n.startswith("%")]  # a constant in its place is printed as a number


def line_life(function: ScriptFunction, name: str, number: int) -> View:
    """The view of what a line became.

    Raises: `MagicError` with the nearest line that made something.
    """
    from tensorlab.jit.lives_lines import line_life as life_of
    from tensorlab.view.line_life import LineLifeView

    teller = check_line(function, name, number)
    latest = function.latest
    return LineLifeView(name, life_of(teller, number, None if latest is None else latest.program))


def check_line(function: ScriptFunction, name: str, number: int) -> Teller:
    """Who tells of a line.

    Raises: `MagicError` with the nearest line that made something, where this one made nothing.
    """
    from tensorlab.jit.lives_lines import lines_of, nodes_on

    teller = teller_of(function, code=False)
    if not nodes_on(teller.lives, number):
        known = lines_of(teller)
        message = f"--line: line {number} made nothing in {name}; lines that did: {listed(list(map(str, known)))}"
        hint = f"nearest: {min(known, key=lambda line: abs(line - number))}" if known else ""
        raise MagicError("%ir", message, hint)
    return teller


def why_not(function: ScriptFunction, name: str, words: Sequence[str]) -> View:
    """The view of what was refused, of all or of one value.

    Raises: `MagicError` with the nearest word, or the nearest value.
    """
    from tensorlab.jit.lives_refusals import why_not as refusals_of
    from tensorlab.view.refusals import WhyNotView

    subject, *rest = words
    if subject not in SUBJECTS:
        message = f"--why-not takes {', '.join(SUBJECTS[:-1])} or {SUBJECTS[-1]}, got {subject!r}"
        raise MagicError("%ir", message, nearest(subject, list(SUBJECTS)))
    if len(rest) > 1:
        raise MagicError("%ir", f"--why-not takes one value, got {' '.join(rest)}", f"--why-not {subject} {rest[0]}")
    teller = teller_of(function, code=False)
    value = value_named(function, teller, name, rest[0], "--why-not")[0] if rest else None
    if subject == "vectorize":
        return _vectors(function, name, teller, value)
    return WhyNotView(name, refusals_of(teller, subject, value))


def _vectors(function: ScriptFunction, name: str, teller: Teller, value: Value | None) -> View:
    from tensorlab.jit.lives_places import Places
    from tensorlab.jit.lives_vectors import vectors_of
    from tensorlab.view.refusals import VectorsView

    latest = function.latest
    if latest is None:
        raise not_compiled(function, name)
    loops, about = latest.program.loops, ""
    if value is not None:
        told = teller.value(value)
        places = Places(latest.program)
        inside = [places.loop(end.end) for end in told.ends]
        loops = tuple(dict.fromkeys(loop for loop in inside if loop is not None))
        about = told.ends[0].words
    return VectorsView(name, vectors_of(loops), value="" if value is None else teller.names.of(value), about=about)


def completions(function: ScriptFunction | None) -> list[str]:
    """The values of a function by their printed names, with and without the sign, for the word after ``--value``."""
    if function is None:
        return []
    from tensorlab.jit.lives_teller import printed

    names = printed(function.records, teller_of(function, code=False).names)
    found = [name for name in names if name.startswith("%")]
    return [*found, *(name[1:] for name in found if not name[1:].isdecimal())]
