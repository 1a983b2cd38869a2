"""The drawing of a graph: each node, edge, leaf and saved tensor once, what is left out counted, never colour alone."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from xml.etree import ElementTree

import view_pages as pages
from autograd_samples import chain, good, network, node, report, saved, talk, thrice

from tensorlab.autograd.graph_records import GraphReport, PlaceRecord
from tensorlab.view.autograd import GraphReportView
from tensorlab.view.autograd_boxes import MOST_LEAVES, MOST_ROWS, boxes


def drawn(found: GraphReport) -> tuple[ElementTree.Element, list[str], str]:
    """The picture, its words, and what stands for it."""
    (image,) = pages.parse(GraphReportView(found).html()).find("img")
    root = ElementTree.fromstring(b64decode(image.attributes["src"].split(",")[1]))
    return root, [e.text or "" for e in named(root, "text")], image.attributes["alt"]


def named(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return root.findall(f".//{{*}}{name}")


def arrows(root: ElementTree.Element) -> int:
    return sum(e.attrib["d"].count("l-3.5 6z") for e in named(root, "path"))


def test_the_talks_example() -> None:
    root, texts, alt = drawn(talk())
    assert texts == [
        *("z", "() float32"),
        *("1 SumBackward0", "cell:4  z = y.sum()", "gives z", "self"),
        *("2 AddBackward0", "cell:3  y.add_(1)", "gives y", "self"),
        *("3 TanhBackward0", "cell:2  y = x.tanh()", "backward would stop here"),
        *("A result (3,) 12 B, v0", "written over: now v1", "self"),
        *("x", "AccumulateGrad", "(3,) float32", "no gradient yet"),
    ]
    assert arrows(root) == 4
    crosses = [e for e in named(root, "path") if e.attrib["d"].endswith("l8 8m0 -8l-8 8")]
    assert len(crosses) == 1
    assert alt == (
        "the graph behind z, from the result down to the leaves: 1 SumBackward0, goes to 2 AddBackward0; "
        "2 AddBackward0, goes to 3 TanhBackward0; 3 TanhBackward0, where backward would stop, goes to x; x"
    )
    assert not [text for text in drawn(good())[1] if "over" in text or "stop" in text]


def test_each_use_of_a_tensor_is_an_edge() -> None:
    root, texts, _ = drawn(thrice())
    assert arrows(root) == 6
    assert texts.count("other") == 2
    assert [stop for box in boxes(thrice()) for _, stop in box.ports] == [1, 2, 3, 4, 4, 4]


def test_leaves_and_folded_repeats_have_shapes_of_their_own() -> None:
    long = chain(300)
    found = boxes(long)
    assert [(box.kind, box.title) for box in found] == [
        ("result", "z"),
        ("stack", "1–299: 299 times"),
        ("node", "300 TanhBackward0"),
        ("leaf", "x"),
    ]
    rounded = [e for e in named(drawn(long)[0], "rect") if e.attrib.get("rx") == "16"]
    assert len(rounded) == 2  # the ground under the tint, and the tint


def test_what_is_not_drawn_is_counted() -> None:
    large = network()
    found = boxes(large)
    assert len(found) <= MOST_ROWS + MOST_LEAVES + 5
    left = sum(row.count for row in large.rows[MOST_ROWS:-1])
    assert [box.title for box in found if box.kind == "rest"] == [
        f"{left:,} more nodes",
        f"{len(large.leaves) - MOST_LEAVES} more leaves",
    ]
    after_rest = next(i for i, box in enumerate(found) if box.kind == "rest") + 1
    assert (found[after_rest].refused, found[after_rest - 1].ports[0][1]) == (True, after_rest)
    assert sum(row.count for row in large.rows[:MOST_ROWS]) + left + 1 == large.count


def test_many_inputs_and_many_saved_tensors_are_counted() -> None:
    many = node(
        1,
        "CatBackward0",
        next=tuple(range(2, 22)),
        inputs=tuple(f"tensors[{i}]" for i in range(20)),
        saved=tuple(saved(chr(65 + i), f"s{i}") for i in range(6)),
    )
    lines = tuple(replace(node(2 + i, next=(), leaves=(0,)), place=PlaceRecord("cell", 9 + i, "w")) for i in range(20))
    _, texts, _ = drawn(report((many, *lines)))
    assert "20 inputs, tensors[0] to tensors[…" in texts
    assert "and 2 more saved" in texts
    assert "tensors[0]" not in texts


def test_words_fit_their_boxes() -> None:
    for found in (talk(), network(), thrice()):
        for box in boxes(found):
            for text in (box.title, *box.lines):
                assert len(text) * 6.65 <= box.width
            assert sum(len(name) for name, _ in box.ports) * 6.65 <= box.width or not box.named_ports


def test_no_picture_is_wider_than_the_card() -> None:
    wide = report(tuple(node(i + 1, next=(), leaves=(0,), place=None) for i in range(30)))
    for found in (wide, network()):
        (image,) = pages.parse(GraphReportView(found).html()).find("img")
        assert int(image.attributes["width"]) <= 944
        assert re.fullmatch(r"\d+", image.attributes["height"])
