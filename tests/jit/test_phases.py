"""The record of a function's phases, against what each phase is."""

from __future__ import annotations

import linecache

import pytest

import tensorlab as tl
from tensorlab.errors import RangeError
from tensorlab.jit.instructions import translate
from tensorlab.jit.machine_code import executable_nbytes, innermost, is_vector
from tensorlab.jit.phase_records import Phase, Phases
from tensorlab.jit.phases import EXCERPT, phases_of

SOURCE = """\
def tone(x, gain: float):
    y = x * gain + 1
    unused = x.exp()
    if gain > 0.0:
        y = y.tanh()
    return y
"""
NAMES = [
    *("source", "tokens", "syntax tree", "graph", "optimised graph", "instructions", "program", "native code"),
]


def scripted() -> tl.jit.ScriptFunction:
    name = "tone_source.py"
    linecache.cache[name] = (len(SOURCE), None, SOURCE.splitlines(keepends=True), name)
    space: dict[str, object] = {"__name__": "tone"}
    exec(compile(SOURCE, name, "exec"), space)
    return tl.jit.script(space["tone"])


def by_name(record: Phases) -> dict[str, Phase]:
    return {phase.name: phase for phase in record.phases}


def test_before_any_call() -> None:
    function = scripted()
    record = phases_of(function, "tone")
    assert [phase.name for phase in record.phases] == NAMES
    assert (record.kind, record.label, record.key, record.line) == ("scripted", "tone_source.py", "", None)
    found = by_name(record)
    assert found["source"].count == 6
    assert [line.text for line in found["source"].lines] == SOURCE.splitlines()[:EXCERPT]
    assert found["graph"].count == len(list(function.graph.nodes()))
    after = function.records[-1].after
    assert found["optimised graph"].count == len(list(after.nodes()))
    assert found["instructions"].count == len(translate(after).instructions)
    assert found["program"].count is found["native code"].count is None
    assert found["native code"].note == "compiled for the arguments of a call: call tone(...) once"
    assert all(phase.marked is None for phase in record.phases)


def test_loops_then_a_native_function() -> None:
    function = scripted()
    x = tl.ones(64)
    function(x, 2.0)
    latest = function.latest
    assert latest is not None
    record = phases_of(function, "tone", line=5)
    assert record.key == "float32[64], float"
    found = by_name(record)
    assert found["program"].count == len(latest.program.python.splitlines())
    assert found["optimised graph"].seconds == latest.seconds.passes
    assert found["program"].seconds == latest.seconds.lowering
    native = found["native code"]
    assert native.seconds == sum(loop.seconds.total for loop in latest.program.compiled_loops())
    assert native.note.startswith("2 loops; a native function for the whole may follow after 3 calls;")
    assert native.count is not None
    assert native.marked is not None
    assert 0 < native.marked < native.count
    assert "tanh" in native.lines[0].text
    assert all(line.marked for phase in record.phases for line in phase.lines)
    assert any("aten::tanh" in line.text for line in found["graph"].lines)
    assert any("tanh" in line.text for line in found["program"].lines)

    for _ in range(4):
        function(x, 2.0)
    whole = by_name(phases_of(function, "tone", line=5))["native code"]
    function_record = latest.program.native and latest.program.native.function
    assert function_record is not None
    assert whole.note.startswith(f"one function for the whole graph, {function_record.loop.name}; ")
    assert whole.marked is None
    assert not any(line.marked for line in whole.lines)


def test_calls_that_are_differentiated_are_not_these() -> None:
    function = scripted()
    x = tl.ones(4, requires_grad=True)
    function(x, 2.0)
    with tl.no_grad():
        function.specialisation_for(x, 2.0)
    native = by_name(phases_of(function, "tone"))["native code"]
    assert native.count is None
    assert native.note == ("calls that are differentiated run programs of their own: call tone(...) under no_grad()")


def test_what_a_pass_removed_leaves_nothing_of_its_line() -> None:
    found = by_name(phases_of(scripted(), "tone", line=3))
    assert [found[name].marked for name in ("source", "graph", "optimised graph", "instructions")] == [1, 1, 0, 0]
    assert found["optimised graph"].lines == ()


def test_source_that_is_gone() -> None:
    graph = "graph(%x : Float(2)):\n  %1 : Float(2) = aten::exp(%x)\n  return (%1)\n"
    function = tl.jit.ScriptFunction(tl.jit.parse_ir(graph), kind="loaded")
    record = phases_of(function, "f")
    assert [(phase.count, phase.note) for phase in record.phases[:3]] == [
        (None, "the source of f is not to be had")
    ] * 3
    assert record.phases[3].count == 1
    with pytest.raises(RangeError) as error:
        phases_of(function, "f", line=1)
    assert str(error.value) == "phases: got line 1, but the source of f is not to be had"


def test_a_line_that_is_not_the_functions() -> None:
    with pytest.raises(RangeError) as error:
        phases_of(scripted(), "tone", line=7)
    assert str(error.value) == "phases: got line 7; tone stands in lines 1 to 6"


def test_times_only_when_asked_for() -> None:
    record = phases_of(scripted(), "tone")
    assert "seconds" not in str(record.to_dict())
    assert "seconds" in str(record.to_dict(times=True))


ASSEMBLY = """\
loop:
\t.cfi_startproc
\tpushq\t%rbp
.LBB0_1:
\taddq\t$8, %rax
\tjne\t.LBB0_1
.LBB0_2:
\tvmovups\t(%rdi), %ymm0
\t.p2align\t4
\tvaddps\t%ymm0, %ymm1, %ymm2
\tjb\t.LBB0_2
.LBB0_3:
\tretq
"""


def test_the_innermost_block() -> None:
    assert innermost(ASSEMBLY) == [
        ".LBB0_2:",
        "\tvmovups\t(%rdi), %ymm0",
        "\tvaddps\t%ymm0, %ymm1, %ymm2",
        "\tjb\t.LBB0_2",
    ]
    assert innermost("f:\n\tretq\n") == ["\tretq"]
    assert [is_vector(line) for line in innermost(ASSEMBLY)] == [False, True, True, False]


def test_bytes_of_instructions(tmp_path) -> None:
    """Against binutils' own count, where it is installed."""
    import shutil
    import subprocess

    assert executable_nbytes(b"MZ") is None
    size = shutil.which("size")
    if size is None:
        pytest.skip("binutils' size is not installed")
    from tensorlab.core import native

    code = native.emit_object("define i32 @f(ptr %r, ptr %e, i64 %n) {\n  ret i32 0\n}\n", "f", "entry", ["int64"])
    path = tmp_path / "code.o"
    path.write_bytes(code)
    rows = subprocess.run([size, "-A", str(path)], capture_output=True, text=True, check=True).stdout.splitlines()
    expected = sum(int(row.split()[1]) for row in rows if row.startswith((".text", ".ltext")))
    assert executable_nbytes(code) == expected > 0
