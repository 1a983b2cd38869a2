"""What the view of a graph says: the answer first, both lines of a write, folded rows, the limits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import view_pages as pages
from autograd_samples import AUTOGRAD_SAMPLES, LEAF, chain, good, held, network, node, report, saved, talk

from tensorlab.autograd.graph_records import GraphReport
from tensorlab.view import autograd_words as words
from tensorlab.view.autograd import MOST_ROWS, GraphReportView


@pytest.mark.parametrize("name", ["autograd", "autograd_talk", "autograd_thrice", "autograd_network"])
def test_text(name: str, golden: Any) -> None:
    golden.check(f"{name}.txt", AUTOGRAD_SAMPLES[name]().text() + "\n")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "z keep 12 B for backward: 1 saved tensor in 1 storage. z.backward() would free all of it."),
        (
            {"storages": (held(freed=False, kept_by=("y",)),)},
            "z keep 12 B for backward: 1 saved tensor in 1 storage. z.backward() would free none of it: storage A is "
            "kept by y too.",
        ),
        (
            {"storages": (held(nbytes=2048), held("B", 1024, freed=False))},
            "z keep 3 KiB for backward: 1 saved tensor in 2 storages. z.backward() would free 2 KiB of it; storage B "
            "is kept by something without a name here too.",
        ),
        (
            {"storages": (held(nbytes=2048), held("B", 8, freed=False), held("C", 8, freed=False, kept_by=("p", "q")))},
            "z keep 2.02 KiB for backward: 1 saved tensor in 3 storages. z.backward() would free all of it but 16 B; "
            "the others are kept by p and q too.",
        ),
        ({"storages": (), "saved_count": 0}, "z keep 0 B for backward. Backward has nothing to free."),
    ],
    ids=["all", "none", "some", "most", "nothing"],
)
def test_what_backward_would_free(changed: dict[str, Any], expected: str) -> None:
    assert words.answer(replace(good(), **changed)) == [f"2 nodes behind {expected}"]


def test_bytes_of_others_are_let_go_and_not_freed() -> None:
    assert words.fate(held(block_nbytes=0), fails=False) == "let go by backward; its bytes are not an allocator's"
    assert words.fate(held(), fails=True) == "freed by backward, once that works"
    assert replace(good(), storages=(held(block_nbytes=0),)).freed_nbytes == 0


def test_a_tensor_without_a_name() -> None:
    leaf = report((), name="", leaves=(), storages=(), saved_count=0, requires_grad=False)
    assert words.answer(leaf) == ["The tensor requires no gradient: no graph stands behind it."]
    assert GraphReportView(leaf).text() == words.answer(leaf)[0]


def test_both_lines_of_a_write_are_told_in_both_forms() -> None:
    view = GraphReportView(talk())
    page = " ".join(pages.parse(view.html()).words.split())
    for said in ("saved its result, storage A at version 0, in this line:", "y = x.tanh()", "y.add_(1)"):
        assert said in view.text()
        assert said in page
    assert "x 3" in " ".join(" ".join(row.words for row in pages.parse(view.html()).find("td")).split())


def test_several_writes_of_which_the_first_is_forgotten() -> None:
    ((_, _, since, written),) = words.moves(network(), 3)
    assert since == "It is at version 3 now: written to 3 times, first by a line that is not known any more."
    assert written is None


def test_other_nodes_that_backward_would_stop_at_are_counted() -> None:
    rows = tuple(node(i, saved=(saved(now=1),)) for i in range(1, 4))
    moved = report(rows, moved=(1, 2, 3))
    assert words.answer(moved)[0].endswith("and it was written over since, and 2 other nodes too.")
    assert len(list(words.moves(moved, 2))) == 2


def test_a_long_chain_is_short() -> None:
    view = GraphReportView(chain())
    assert "│ 1 to 9,999: this node 9,999 times, 117 KiB saved; the first time:" in view.text()
    assert len(view.text().splitlines()) < 40
    assert len(view.html()) < 30_000
    assert "9,992 more storages not shown." in view.text()


def test_rows_are_capped_but_for_those_that_matter() -> None:
    found: GraphReport = network()
    view = GraphReportView(found)
    left = sum(row.count for row in found.rows[MOST_ROWS:-1])
    assert f"{left:,} more nodes not shown." in view.text()
    assert "18 more leaves not shown." in view.text()
    rows = [cell.words for cell in pages.parse(view.html()).find("th") if cell.attributes["scope"] == "row"]
    assert rows[0] == "TanhBackward0"  # the last of all, which backward would stop at


def test_leaves_without_names() -> None:
    assert words.leaf_facts(replace(LEAF, names=(), grad_nbytes=2048)) == [
        "a leaf without a name",
        "(3,) float32",
        "12 B",
        "a gradient of 2 KiB is there",
    ]
