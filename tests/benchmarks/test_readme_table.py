"""The table's texts, from times made up here."""

from __future__ import annotations

import pytest
from machine import cpu_model
from readme_table import NOT_INSTALLED, Kind, Limit, Ratio, Row, digits, duration, markdown, spread

from tensorlab.core.measure import Measurement


def time(seconds: float, spread: float = 0.0) -> Measurement:
    return Measurement(seconds, spread, 15, 1)


ROW = Row("`a+b`", time(0.004, 0.0005), time(0.02), time(0.01), Ratio("torch", time(0.02), Kind.SPEED, 2))


@pytest.mark.parametrize(
    ("verdict", "cells"),
    [
        (Ratio("torch", time(0.02), Kind.SPEED, 2), ("5.00× the speed of torch", "≥ 2×, met")),
        (Ratio("torch", time(0.02), Kind.SPEED, 8), ("5.00× the speed of torch", "≥ 8×, missed")),
        (Ratio("the copy", time(0.0025), Kind.TIME, 1.6), ("1.60× the time of the copy", "≤ 1.6×, met")),
        (Ratio("the copy", time(0.002), Kind.TIME, 1.6), ("2.00× the time of the copy", "≤ 1.6×, missed")),
        (Ratio("bare Python", time(0.003), Kind.MORE, 0.12), ("+1.00 ms over bare Python", "≤ +120 ms, met")),
        (Ratio("bare Python", time(0.003), Kind.MORE, 0.0005), ("+1.00 ms over bare Python", "≤ +500 µs, missed")),
        (Ratio("bare Python", time(0.005), Kind.MORE), ("-1.00 ms over bare Python", "–")),
        (Ratio("torch", None, Kind.SPEED, 2), ("–", "≥ 2×")),
        (Ratio("torch", time(0.02), Kind.SPEED), ("5.00× the speed of torch", "–")),
        (Limit(0.7), ("–", "≤ 0.7 s, met")),
        (Limit(0.003), ("–", "≤ 0.003 s, missed")),
        (Limit(), ("–", "–")),
    ],
)
def test_ratio_and_goal(verdict: Ratio | Limit, cells: tuple[str, str]) -> None:
    assert Row("w", time(0.004), verdict=verdict).cells()[-2:] == cells


def test_goals_come_first_and_the_machine_last() -> None:
    missing = Row("`c`", time(3.21e-6, 2e-8), NOT_INSTALLED, verdict=Ratio("torch", None, Kind.SPEED))
    assert markdown([missing, ROW], "A machine.").splitlines() == [
        "| what | tensorlab | torch | NumPy | ratio | goal |",
        "| --- | --: | --: | --: | --: | --: |",
        "| `a+b` | 4.00 ± 0.25 ms | 20.0 ± 0.0 ms | 10.0 ± 0.0 ms | 5.00× the speed of torch | ≥ 2×, met |",
        "| `c` | 3.21 ± 0.01 µs | not installed | – | – | – |",
        "",
        "A machine.",
    ]


def test_record_of_a_row() -> None:
    row = ROW.to_dict()
    assert row["tensorlab"] == {"median": 0.004, "spread": 0.0005, "runs": 15, "calls": 1}
    assert (row["what"], row["value"], row["goal"], row["met"]) == ("`a+b`", 5.0, 2, True)
    assert Row("w", time(1.0)).to_dict()["torch"] == "–"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (9.87654e-8, "98.8 ns"),
        (9.9949e-7, "999 ns"),
        (9.996e-7, "1.00 µs"),
        (1.234e-3, "1.23 ms"),
        (0.12, "120 ms"),
        (2.54, "2.54 s"),
        (123.4, "123 s"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_digits_round_before_they_count() -> None:
    assert [digits(v) for v in (0.76, 9.994, 9.996, 99.94, 99.96, 219.4)] == [
        "0.76",
        "9.99",
        "10.0",
        "99.9",
        "100",
        "219",
    ]


def test_spread_is_half_the_interquartile_range_in_the_unit_of_the_median() -> None:
    assert spread(time(0.2191, 0.03)) == "219 ± 15 ms"
    assert spread(time(1.87, 0.6)) == "1.87 ± 0.30 s"


def test_cpu_model() -> None:
    text = "processor\t: 0\nmodel name\t: Some  CPU @ 2.45GHz\nflags\t: fpu\nprocessor\t: 1\nmodel name\t: Other\n"
    assert cpu_model(text) == "Some CPU @ 2.45GHz"
