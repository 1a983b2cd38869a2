"""The table's texts, from times made up here."""

from __future__ import annotations

from pathlib import Path

import pytest
from machine import cpu_model
from readme_table import HEADINGS, NOT_INSTALLED, Heading, Kind, Limit, Ratio, Row, best_other, duration, markdown
from side_by_side import Laps


def laps(*milliseconds: float) -> Laps:
    return Laps(tuple(m / 1000 for m in milliseconds))


OWN = laps(4)
ROW = Row("`a+b`", laps(4, 8, 4), laps(20, 40, 21), laps(10, 20, 10), Ratio("torch", laps(20, 40, 21), Kind.SPEED, 2))


@pytest.mark.parametrize(
    ("verdict", "cells"),
    [
        (Ratio("torch", laps(20), Kind.SPEED, 2), ("5.00 ± 0.00× the speed of torch", "≥ 2×, met")),
        (Ratio("torch", laps(20), Kind.SPEED, 8), ("5.00 ± 0.00× the speed of torch", "≥ 8×, missed")),
        (Ratio("the copy", laps(2.5), Kind.TIME, 1.6), ("1.60 ± 0.00× the time of the copy", "≤ 1.6×, met")),
        (Ratio("the copy", laps(2), Kind.TIME, 1.6), ("2.00 ± 0.00× the time of the copy", "≤ 1.6×, missed")),
        (Ratio("bare Python", laps(3), Kind.MORE, 0.12), ("+1.00 ± 0.00 ms over bare Python", "≤ +0.12 s, met")),
        (Ratio("bare Python", laps(2), Kind.MORE, 0.001), ("+2.00 ± 0.00 ms over bare Python", "≤ +0.001 s, missed")),
        (Ratio("bare Python", laps(5), Kind.MORE), ("-1.00 ± 0.00 ms over bare Python", "–")),
        (Ratio("torch", None, Kind.SPEED, 2), ("–", "≥ 2×")),
        (Ratio("torch", laps(20), Kind.SPEED), ("5.00 ± 0.00× the speed of torch", "–")),
        (Limit(0.7), ("–", "≤ 0.7 s, met")),
        (Limit(0.003), ("–", "≤ 0.003 s, missed")),
        (Limit(), ("–", "–")),
    ],
)
def test_ratio_and_goal(verdict: Ratio | Limit, cells: tuple[str, str]) -> None:
    assert Row("w", OWN, verdict=verdict).cells()[-2:] == cells


def test_goals_come_first_and_the_machine_last() -> None:
    missing = Row("`c`", laps(0.00321), NOT_INSTALLED, verdict=Ratio("torch", None, Kind.SPEED))
    assert markdown({Heading.EAGER: [missing, ROW]}, "A machine.").splitlines() == [
        "### Operations, one by one",
        "",
        "| what | tensorlab | torch | NumPy | ratio | goal |",
        "| --- | --: | --: | --: | --: | --: |",
        "| `a+b` | 4.00 ± 1.00 ms | 21.0 ± 5.0 ms | 10.0 ± 2.5 ms | 5.00 ± 0.06× the speed of torch | ≥ 2×, met |",
        "| `c` | 3.21 ± 0.00 µs | not installed | – | – | – |",
        "",
        "A machine.",
    ]


def test_a_table_under_each_heading_with_the_columns_that_say_something() -> None:
    fast, slow = laps(6), laps(9)
    others = {"torch.jit": slow, "JAX": fast, "torch.compile": "no C++ compiler"}
    verdicts = Ratio("torch", laps(20), Kind.SPEED, 8), Ratio("JAX", fast, Kind.SPEED, 1.5)
    compiled = Row("a chain", OWN, laps(20), verdict=verdicts[0], others=others, more=verdicts[1:])
    rows = {Heading.STARTUP: [Row("import", OWN)], Heading.COMPILED: [Row("another", OWN, laps(4)), compiled]}
    assert markdown(rows, "A machine.").splitlines() == [
        "### Compiled functions",
        "",
        "| what | tensorlab | torch | best other | the others | ratio | goal |",
        "| --- | --: | --: | --: | --- | --: | --: |",
        "| a chain | 4.00 ± 0.00 ms | 20.0 ± 0.0 ms | JAX, 6.00 ± 0.00 ms "
        "| torch.jit 9.00 ± 0.00 ms, JAX 6.00 ± 0.00 ms, torch.compile no C++ compiler "
        "| 5.00 ± 0.00× the speed of torch; 1.50 ± 0.00× the speed of JAX | ≥ 8×, missed; ≥ 1.5×, met |",
        "| another | 4.00 ± 0.00 ms | 4.00 ± 0.00 ms | – | – | – | – |",
        "",
        "### Imports, tracing and compiling",
        "",
        "| what | tensorlab |",
        "| --- | --: |",
        "| import | 4.00 ± 0.00 ms |",
        "",
        "A machine.",
    ]
    record = compiled.to_dict()
    assert record["others"]["JAX"]["median"] == 0.006  # type: ignore[index]
    assert record["more"] == [{"value": 1.5, "goal": 1.5, "met": True}]


def test_the_best_other_is_one_that_was_timed() -> None:
    assert best_other({"torch": laps(5, 9, 5), "JAX": laps(4, 8, 7), "numexpr": NOT_INSTALLED}) == (
        "torch",
        laps(5, 9, 5),
    )
    assert best_other({"torch": NOT_INSTALLED}) == ("–", None)
    assert Row("w", OWN, NOT_INSTALLED, others={"JAX": NOT_INSTALLED}).cells()[4:6] == ("–", "JAX not installed")


def test_modules_with_a_heading_of_their_own_exist() -> None:
    assert {name for name in HEADINGS if not Path(__file__).with_name(f"{name}.py").exists()} == set()


def test_record_of_a_row() -> None:
    row = ROW.to_dict()
    assert row["tensorlab"] == {"median": 0.004, "spread": 0.002, "runs": 3, "calls": 1}
    assert (row["what"], row["value"], row["goal"], row["met"]) == ("`a+b`", 5.0, 2, True)
    assert Row("w", OWN).to_dict()["torch"] == "–"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (9.87654e-8, "98.8 ± 0.0 ns"),
        (9.9949e-7, "999 ± 0 ns"),
        (9.996e-7, "1.00 ± 0.00 µs"),
        (9.996e-3, "10.0 ± 0.0 ms"),
        (0.12, "120 ± 0 ms"),
        (2.54, "2.54 ± 0.00 s"),
        (123.4, "123 ± 0 s"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration([seconds]) == text


def test_the_spread_is_in_the_unit_of_the_median() -> None:
    assert duration([0.0011, 0.25, 2.0]) == "250 ± 500 ms"
    assert duration([-0.003, -0.002, -0.001], sign="+") == "-2.00 ± 0.50 ms"


def test_cpu_model() -> None:
    text = "processor\t: 0\nmodel name\t: Some  CPU @ 2.45GHz\nflags\t: fpu\nprocessor\t: 1\nmodel name\t: Other\n"
    assert cpu_model(text) == "Some CPU @ 2.45GHz"
