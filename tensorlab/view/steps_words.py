"""What a `WalkRecord` says, in words: for both the HTML and the text of its view."""

from __future__ import annotations

from collections.abc import Sequence

from tensorlab.jit.walk_records import CodeRecord, FailureRecord, InsideRecord, RegisterRecord, StepRecord, WalkRecord
from tensorlab.view.graph import place
from tensorlab.view.text import counted, grouped, listed, nbytes, shortened

MARKS = {"done": "–", "now": "●", "next": "○", "ahead": "○", "undone": "○", "failed": "x"}
WORDS = {"done": "done", "now": "now", "next": "next", "ahead": "then", "undone": "undone", "failed": "fails"}
MOST_REGISTERS, MOST_PRINTED = 14, 8
LONGEST, _WIDEST = 160, 60  # characters of a node, an instruction, a result; of what a register holds


def answer(record: WalkRecord) -> tuple[str, str]:
    """The first line: where the run stands, and what the last step did."""
    index, name = grouped(record.index), record.name
    if record.failure is not None:
        message = shortened(record.failure.message.split("\n")[0], LONGEST)
        return f"{name} fails in step {grouped(record.index + 1)}", f": {message}."
    if record.done:
        gave = listed([value(r) for r in record.results]) or "nothing"
        return f"{name} came to its end after {counted(record.index, 'step')}", f" and gave {gave}."
    if record.now is None:
        full = [str(r.register) for r in record.registers]
        return f"{name} stands before its first step", f"; {_arguments(full)}."
    of = f" of {grouped(record.count)}" if record.count is not None else ""
    return f"{name} stands after step {index}{of}", f": {'; '.join(effects(record.now, named=True))}."


def _arguments(full: Sequence[str]) -> str:
    if not full:
        return "it takes no arguments"
    return f"its arguments are in register{'' if len(full) == 1 else 's'} {listed(full)}"


def facts(record: WalkRecord) -> str:
    """Further facts of the moment."""
    curve = record.curve
    said = [f"{nbytes(curve.now)} live", f"at most {nbytes(curve.peak)} so far"] if curve.peak else ["no tensor so far"]
    if not record.done:
        said += [inside(block) for block in record.inside]
    return " · ".join(said)


def inside(block: InsideRecord) -> str:
    """``turn 3 of 30 of the loop in line 7``."""
    what, said = ("loop", _turn(block)) if block.kind == "loop" else ("if", _branch(block))
    where = f"the {what} of line {block.line}" if block.line else {"loop": "a loop", "if": "an if"}[what]
    return f"inside {where}: {said}"


def shortly_inside(blocks: Sequence[InsideRecord]) -> list[str]:
    """``turn 3 of 30``, ``if: True``: the blocks around a step, for a narrow column."""
    return [_turn(b) if b.kind == "loop" else f"if: {b.kind == 'then'}" for b in blocks]


def _branch(block: InsideRecord) -> str:
    return "its condition was True" if block.kind == "then" else "its condition was False"


def _turn(block: InsideRecord) -> str:
    of = f" of {grouped(block.turns)}" if block.turns is not None else ""
    return f"turn {grouped(block.turn)}{of}" if block.turn else "a turn"


def outcome(record: WalkRecord) -> str:
    """Why the last move went no further, where there is a reason."""
    match record.outcome:
        case "end":
            return f"There is no {record.wanted}: the run has {counted(record.index, 'step')}."
        case "beginning":
            return "There is nothing before the first step: it stands at the beginning."
        case "limit":
            return f"It has not come to {record.wanted} yet: a move makes so many steps. The same again goes on."
        case "not met":
            return f"It came to its end, and {record.wanted} did not come on the way."
        case "error":
            return "That step has changed nothing: the walk stands before it, and can go back."
        case _:
            return ""


def effects(step: StepRecord, *, named: bool = False) -> list[str]:
    """What a step did to registers and memory; of one that comes, nothing. ``named`` calls a register so."""
    if step.state in ("next", "ahead", "failed"):
        return []
    one, several = ("register ", "registers ") if named else ("", "")
    said = [f"{one}{r.register} = {shortened(value(r), _WIDEST)}" for r in step.gave]
    said += filter(None, [_went(step.code, step.then, "instruction " if named else "")])
    said += [f"writes into {_named(r)} in place" for r in step.written]
    given = {r.register for r in step.gave}
    emptied = [str(r.register) for r in step.moved if r.register not in given]
    said += [f"empties {one if len(emptied) == 1 else several}{listed(emptied, 8)}"] if emptied else []
    said += [f"{nbytes(step.made_nbytes)} new"] if step.made_nbytes else []
    said += [f"frees the storage of {_named(r)}: {nbytes(r.nbytes)}" for r in step.freed]
    said += [f"lets go of {_named(r)}: its {nbytes(r.nbytes)} are held outside" for r in step.let_go]
    said += [f"prints {shortened(repr(step.printed.rstrip()), 40)}"] if step.printed else []
    return said


def _went(code: CodeRecord, then: int, word: str) -> str:
    taken = then == code.target
    match code.opcode:
        case "jump":
            return f"goes on at {word}{then}"
        case "jump_if_false":
            return f"False: goes on at {word}{then}" if taken else "True: goes on below"
        case "jump_unless_next":
            return f"no more turns: goes on at {word}{then}" if taken else "a turn begins"
        case "return":
            return "gives the result"
        case _:
            return ""


def _named(register: RegisterRecord) -> str:
    return shortened(register.name, _WIDEST // 2) or f"register {register.register}"


def value(register: RegisterRecord) -> str:
    """What a register holds: a tensor's type, and its elements where they were kept; anything else as it is."""
    if "(" not in register.type:
        return shortened(register.value or register.type, LONGEST)
    return shortened(f"{register.type} {register.value}".rstrip(), LONGEST)


def node(code: CodeRecord) -> str:
    """The node of an instruction, or what instructions without one are for."""
    if code.node:
        return shortened(code.node, LONGEST)
    return "no node: the end" if code.opcode == "return" else "no node: what is not needed again"


def source(step: StepRecord, before: StepRecord | None) -> tuple[str, str]:
    """A step's place, and the line there, unless the step before is of the same."""
    where = place(step.code.span)
    same = before is not None and where == place(before.code.span)
    return where, "" if same else step.code.source


def shown_registers(record: WalkRecord) -> tuple[RegisterRecord, ...]:
    """Registers up to a limit: what the last step touched, then tensors, then what was given last."""
    now = record.now
    touched = {r.register for r in (*now.gave, *now.written)} if now is not None else set[int]()
    ranked = sorted(record.registers, key=lambda r: (r.register not in touched, not r.nbytes, -r.register))
    return tuple(sorted(ranked[:MOST_REGISTERS], key=lambda r: r.register))


def register_cells(register: RegisterRecord, record: WalkRecord) -> tuple[str, ...]:
    """A register's row: its number, the value's name and type, what it holds, bytes, a remark."""
    size = nbytes(register.nbytes) if register.nbytes else ""
    texts = (shortened(t, _WIDEST) for t in (register.name, register.type, register.value))
    return (str(register.register), *texts, size, remark(register, record))


def remark(register: RegisterRecord, record: WalkRecord) -> str:
    """What is to be said of a full register besides what it holds."""
    said: list[str] = []
    if record.now is not None and register.register in {r.register for r in record.now.gave}:
        said.append("given by this step")
    if record.now is not None and register.register in {r.register for r in record.now.written}:
        said.append("written by this step")
    if register.shares:
        said.append(f"shares its bytes with {listed([str(r) for r in register.shares], 4)}")
    return ", ".join(said)


def registers_title(record: WalkRecord) -> str:
    full = len(record.registers)
    title = f"What the registers hold now: {full} full, {record.emptied} empty"
    left_out = full - len(shown_registers(record))
    return f"{title}; {left_out} full ones are not shown" if left_out else title


def printed(record: WalkRecord) -> tuple[str, list[str]]:
    """A title, and the last lines that were printed so far."""
    lines = record.printed.rstrip("\n").split("\n") if record.printed else []
    more = len(lines) - MOST_PRINTED
    title = f"Printed so far, the last {MOST_PRINTED} of {grouped(len(lines))} lines" if more > 0 else "Printed so far"
    return title, [shortened(line, LONGEST) for line in lines[-MOST_PRINTED:]]


def curve_rows(record: WalkRecord) -> list[tuple[str, str, str]]:
    """Moments of the curve: what, after which step, how many bytes."""
    curve = record.curve
    rows = [("at the beginning", "0", nbytes(curve.first)), ("now", grouped(record.index), nbytes(curve.now))]
    rows.append(("the most", grouped(curve.peak_step), nbytes(curve.peak)))
    if curve.count > record.index:
        rows.append(("as far as it went", grouped(curve.count), nbytes(curve.last)))
    return rows


def curve_alt(record: WalkRecord) -> str:
    said = ", ".join(f"{what} {amount} after step {step}" for what, step, amount in curve_rows(record))
    return f"Live bytes over {counted(record.curve.count, 'step')}: {said}"


def failure_lines(failure: FailureRecord) -> list[str]:
    """The user's line with carets, and where it was called from."""
    span = failure.span
    if span is None or not failure.source:
        return []
    indent = len(failure.source) - len(failure.source.lstrip())
    end = span.end_column if span.end_line == span.line else len(failure.source)
    carets = " " * (span.column - indent) + "^" * max(1, end - span.column)
    lines = [f"{place(span)}  in {span.function}" if span.function else place(span)]
    lines += [failure.source.strip(), carets]
    while span.caller is not None:
        lines.append(f"called from {place(span.caller)}")
        span = span.caller
    return lines


def strip_title(record: WalkRecord) -> str:
    """What the strip shows, and what it leaves out."""
    if not record.left_out:
        return "The steps around this moment"
    return f"The steps around this moment; {counted(record.left_out, 'step')} before them not shown"


def notes(record: WalkRecord) -> list[str]:
    """How to read it, on what it ran, how to go on."""
    said = [
        "Each step is one instruction of the interpreter. A register is a numbered place for one value; move(3) reads "
        "register 3 for the last time and empties it; what no register reaches any more is freed, the rest is live."
    ]
    if record.open_end:
        said.append("A condition decides what comes after the steps shown.")
    copies = f"copies of all tensors, {nbytes(record.copied_nbytes)}" if record.copied_nbytes else "copies"
    said.append(f"The walk runs on {copies}: yours stay as they are. It keeps what was freed, to be able to go back.")
    if record.calls_python:
        said.append(
            "Python functions are called each time that a step goes over them; going back undoes what they do to"
        )
        said.append("tensors, lists and objects that they are given, and nothing else.")
    said.append(
        "%step goes on by one; --back, --at N, --until %7, --until line 3 and --end move it; --graph shows all code."
    )
    return said
