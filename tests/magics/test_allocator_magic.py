"""``%allocator`` and ``%%allocator`` in a real shell, each on an allocator of its own."""

from __future__ import annotations

import json
import pickle

import pytest

from tensorlab import memory
from tensorlab.memory import CachingAllocator, HostAllocator, StatisticsAllocator, use_allocator
from tensorlab.view.allocator import AllocatorView
from tensorlab.view.allocator_change import AllocatorChangeView


@pytest.fixture
def own(lab):
    with use_allocator(StatisticsAllocator(CachingAllocator(HostAllocator()))):
        yield lab
        memory.record_history(None)


def test_what_is_held(own) -> None:
    own.value("x = tl.empty(1020)")
    view = own.value("%allocator")
    assert isinstance(view, AllocatorView)
    text = view.text()
    assert text.startswith("4 KiB held: 4 KiB in 1 block in use, 0 B cached.")
    assert "3.98 KiB  what those who hold blocks wanted" in text
    assert "%allocator --record does from now on" in text


def test_lines_are_known_once_they_are_recorded(own) -> None:
    assert "Nobody records" not in own.value("%allocator --record").text()
    own.value("x = tl.empty(1020)\ny = tl.empty(50)")
    view = own.value("%allocator --largest 1")
    text = view.text()
    assert "cell:1" in text
    assert "x = tl.empty(1020)" in text
    assert "2 allocations" in text
    largest = text.split("the largest blocks")[1].split("segments")[0]
    assert " x" in largest
    assert "200 B" not in largest
    assert "Nobody records" in own.value("%allocator --stop").text()


def test_a_part_of_the_events(own) -> None:
    own.value("%allocator --record")
    own.value("x = [tl.empty(10) for _ in range(30)]")
    whole = own.value("%allocator").report.history
    part = own.value("%allocator --events 10:20").report.history
    assert (part.first, part.stop, part.total) == (10, 20, whole.total)
    assert part.live == whole.live[10:20]
    assert "Events 10 to 20 of" in own.value("%allocator --events 10:20").text()
    assert own.error(f"%allocator --events {whole.total}:") == (
        f"MagicError: %allocator: --events: there are {whole.total} events, got {whole.total}:\n  see %allocator?"
    )


def test_around_a_cell(own) -> None:
    own.value("before = tl.empty(100)")
    result = own.run("%%allocator -o seen\ny = tl.ones(1020)\nz = (y + 1).sum()\nz.item()")
    result.raise_error()
    assert result.result == 2040.0
    view = own.names["seen"]
    title = view.text().splitlines()[0]
    assert title.startswith("The cell made 3 allocations, 1 free; 4.06 KiB of it stay; at most")
    assert own.names["z"].item() == 2040.0
    assert "y = tl.ones(1020)" in view.text()
    assert memory.record_history(None) is None  # the recording ended with the cell


def test_a_single_event_has_no_curve(own) -> None:
    own.value("x = tl.empty(1020)\ndel x")
    own.value("%%allocator -o view\nx = tl.empty(1020)")
    html = own.names["view"].html()
    assert "1 recorded event: 1 allocation, 0 frees." in html
    assert "Live bytes by the line that asked for them" in html
    assert "Live bytes over time" not in html


def test_the_curve_counts_events_in_whole_numbers(own) -> None:
    from tensorlab.view.memory_plots import timeline_figure

    own.value("%%allocator -o view\nx = tl.empty(1020)\ndel x")
    axes = timeline_figure(own.names["view"].report.history, times=False).axes[0]
    assert [at for at in axes.get_xticks() if at != round(at)] == []


def test_a_cell_inside_a_recording_is_a_part_of_it(own) -> None:
    own.value("%allocator --record")
    own.value("x = tl.empty(10)")
    own.run("%%allocator -o seen\ny = tl.ones(1020)\n").raise_error()
    history = own.names["seen"].report.history
    assert (history.allocations, history.first > 0) == (1, True)
    assert memory.record_history(None) is not None


def test_a_failing_cell_fails_and_ends_the_recording(own) -> None:
    shown = own.error("%%allocator\ny = tl.ones(3)\ny.view(2)")
    assert "shape (2,) is invalid" in shown
    assert "y.view(2)" in shown
    assert memory.record_history(None) is None


def test_two_views_side_by_side(own) -> None:
    own.value("%allocator --record -o before")
    own.value("x = tl.empty(1020)")
    own.value("%allocator -o after")
    view = own.value("%allocator --diff before after")
    assert isinstance(view, AllocatorChangeView)
    text = view.text()
    assert text.startswith("4 KiB more in use: 0 B in before, 4 KiB in after.")
    assert "0 > 1" in text
    assert "4 KiB less in use" in own.value("%allocator --diff after before").text()
    assert "As much is in use" in own.value("%allocator --diff after after").text()
    own.names["k"] = 3
    assert own.error("%allocator --diff before k") == (
        "MagicError: %allocator: --diff: k is an int; views of the allocator here: before, after\n"
        "  %allocator -o before binds one\n"
        "  see %allocator?"
    )
    assert "nearest: after" in own.error("%allocator --diff before aftr")


def test_a_snapshot_for_torchs_viewer(own, tmp_path) -> None:
    own.value("%allocator --record")
    own.value("x = tl.empty(1020)")
    path = tmp_path / "snapshot.pickle"
    own.value(f"%allocator --snapshot {path}")
    taken = pickle.loads(path.read_bytes())
    assert [s["total_size"] for s in taken["segments"]] == [4096]
    shown = own.error(f"%allocator --snapshot {tmp_path}/none/snapshot.pickle")
    assert "no such file or directory" in shown
    own.value("%allocator --stop")
    own.value(f"%%allocator --snapshot {path}\ny = tl.empty(1020)")
    assert len(pickle.loads(path.read_bytes())["device_traces"][0]) == 2  # a segment and a block of it


def test_addresses_and_times_only_where_asked_for(own) -> None:
    own.value("%allocator --record")
    own.value("x = tl.empty(1020)")
    plain = json.loads(own.value("%allocator --largest").to_json())
    assert "seconds" not in plain["history"]
    assert "address" not in plain["segments"][0]
    view = own.value("%allocator --largest --addresses --times")
    assert f"{own.names['x'].data_ptr():#x}" in view.text()
    assert len(json.loads(view.to_json())["history"]["seconds"]) == 2


def test_wrong_lines(own) -> None:
    assert "nearest: --record" in own.error("%allocator --recrod")
    assert "one of them" in own.error("%allocator --record --stop")
    assert "%allocator --record begins to" in own.error("%allocator --stop")
    assert "%allocator --record begins to" in own.error("%allocator --events 1:2")
    assert "takes events as first:stop, 100:2000 or 100:, got '9:3'" in own.error("%allocator --events 9:3")
    assert "takes a positive whole number, got '0'" in own.error("%allocator --largest 0")
    assert "goes with %allocator, on a line of its own" in own.error("%%allocator --record\nx = 1")
    assert "the cell is empty" in own.error("%%allocator\n")


def test_help(own, capsys) -> None:
    assert own.value("%allocator --help") is None
    assert "what the cell did to it" in " ".join(capsys.readouterr().out.split())


def test_an_allocator_that_does_not_count(lab) -> None:
    with use_allocator(HostAllocator()):
        assert "takes an allocator in use that has a StatisticsAllocator" in lab.error("%allocator")
