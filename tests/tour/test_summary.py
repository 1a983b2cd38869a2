"""The record that a tour ends with, and its text."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tensorlab.jit.ir import Graph
from tensorlab.jit.records import Decision, PassRecord
from tensorlab.tour import MIME, PassLine, Summary
from tensorlab.tour.errors import TourError
from tensorlab.tour.text import format_bytes, format_seconds, format_summary

DATA: dict[str, Any] = {
    "function": "tone",
    "graph_before": "graph(%x : Tensor):\n  %1 : Tensor = aten::t(%x)\n  %2 : Tensor = aten::t(%1)\n  return (%2)",
    "graph_after": "graph(%x : Tensor):\n  return (%x)",
    "passes": [
        {
            "name": "peephole",
            "changed": True,
            "rewrites": 1,
            "refusals": 2,
            "nodes_before": 12,
            "nodes_after": 10,
            "seconds": 0.0001234,
        },
        {
            "name": "dead code",
            "changed": False,
            "rewrites": 0,
            "refusals": 0,
            "nodes_before": 10,
            "nodes_after": 10,
            "seconds": 0.00002,
        },
    ],
    "times": {
        "eager_seconds": 0.008,
        "interpreted_seconds": 0.016,
        "compiled_seconds": 0.001,
        "copy_seconds": 0.0008,
        "nbytes": 3723264,
    },
    "batching": [
        {"batch": 1, "seconds": 0.001, "items_per_second": 1000.0},
        {"batch": 8, "seconds": 0.002, "items_per_second": 4000.0},
    ],
    "image": "grace_hopper.jpg",
}

TEXT = """\
tensorlab tour · tone · grace_hopper.jpg

graph before
  graph(%x : Tensor):
    %1 : Tensor = aten::t(%x)
    %2 : Tensor = aten::t(%1)
    return (%2)

graph after
  graph(%x : Tensor):
    return (%x)

passes: 1 of 2 changed the graph
  pass         graph      rewrites  refusals     nodes    time
  ● peephole   changed           1         2  12 -> 10  123 µs
  ○ dead code  unchanged         0         0  10 -> 10   20 µs

time of one call
  eager            8 ms  ████████████████
  interpreted     16 ms  ████████████████████████████████  2x slower than eager
  compiled         1 ms  ██                                8x faster than eager
  plain copy     800 µs  ██                                of the same 3.55 MiB
  compiled takes 1.25x a plain copy of the same bytes (3.72 against 4.65 GB/s)

batching
  batch  latency  throughput
      1     1 ms     1000 /s  ████████
      8     2 ms     4000 /s  ████████████████████████████████"""


def changed(**replaced: Any) -> dict[str, Any]:
    return {**json.loads(json.dumps(DATA)), **replaced}


def test_round_trip_through_json() -> None:
    summary = Summary.from_dict(json.loads(json.dumps(DATA)))
    assert summary.to_dict() == DATA
    assert json.loads(json.dumps(summary.to_dict())) == DATA
    assert Summary.from_dict(summary.to_dict()) == summary


def test_line_of_a_record() -> None:
    decisions = tuple(
        Decision(rule="mul_one", location="peephole.py:1", kind=kind, reason="x * 1 is x")
        for kind in ("replace", "refuse", "remove", "refuse", "refuse")
    )
    graph = Graph()
    record = PassRecord("peephole", {}, graph, graph, decisions, 0.5, nodes_before=9, nodes_after=7, count=1)
    assert PassLine.of(record) == PassLine("peephole", True, 1, 3, 9, 7, 0.5)  # two values, one rewrite by a limit


def test_text() -> None:
    assert format_summary(Summary.from_dict(DATA)) == TEXT


def test_notebook_shows_text_and_carries_data() -> None:
    assert Summary.from_dict(DATA)._repr_mimebundle_() == {"text/plain": TEXT, MIME: DATA}


def test_text_without_passes_or_batches() -> None:
    text = format_summary(Summary.from_dict(changed(passes=[], batching=[])))
    assert "passes: 0 of 0 changed the graph\n  pass  graph  rewrites  refusals  nodes  time\n" in text
    assert text.endswith("batching\n  batch  latency  throughput")


def test_clock_too_coarse() -> None:
    text = format_summary(Summary.from_dict(changed(times=dict.fromkeys(DATA["times"], 0))))
    assert "the clock was too coarse to compare the compiled form with a copy" in text


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "summary: the summary is list, not an object"),
        ({k: v for k, v in DATA.items() if k not in ("times", "image")}, "summary: the summary lacks times, image"),
        (changed(extra=1), "summary: the summary does not take extra"),
        (changed(function=3), "summary: function is int, not a string"),
        (changed(passes="none"), "summary: passes is str, not a list"),
        (
            changed(passes=[{}]),
            "summary: passes[0] lacks name, changed, rewrites, refusals, nodes_before, nodes_after, seconds",
        ),
        (
            changed(passes=[DATA["passes"][0], {**DATA["passes"][1], "changed": 1}]),
            "summary: passes[1].changed is 1, not of type bool",
        ),
        (
            changed(passes=[{**DATA["passes"][0], "rewrites": True}]),
            "summary: passes[0].rewrites is True, not of type int",
        ),
        (
            changed(batching=[{**DATA["batching"][0], "seconds": float("nan")}]),
            "summary: batching[0].seconds is nan, not a finite number from 0 up",
        ),
        (
            changed(batching=[{**DATA["batching"][0], "batch": -1}]),
            "summary: batching[0].batch is -1, not a finite number from 0 up",
        ),
        (changed(times={**DATA["times"], "nbytes": 1.5}), "summary: times.nbytes is 1.5, not of type int"),
    ],
)
def test_malformed_data(data: Any, message: str) -> None:
    with pytest.raises(TourError) as caught:
        Summary.from_dict(data)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 ns"), (2.5e-8, "25 ns"), (1e-6, "1 µs"), (0.0123456, "12.3 ms"), (0.99996, "1000 ms"), (61.26, "61.3 s")],
)
def test_seconds(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(
    ("nbytes", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (930816, "909 KiB"), (5 * 2**40, "5120 GiB")]
)
def test_bytes(nbytes: int, text: str) -> None:
    assert format_bytes(nbytes) == text
