"""Random programs give the same under torch and under tensorlab, line by line."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from programs.choices import Drawn, Seeded
from programs.program import random_program
from programs.side_by_side import Difference, SideBySide

pytestmark = pytest.mark.torch


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
@given(data=st.data())
def test_a_random_program_gives_the_same(data):
    random_program(Drawn(data), 10)


@pytest.mark.parametrize("seed", range(5))
def test_a_long_random_program_gives_the_same(seed):
    sides = random_program(Seeded(seed), 30)
    assert len(sides.lines) > 5


def test_a_difference_shows_the_program():
    sides = SideBySide()
    sides.run("a = torch.tensor([1.0, 2.0])")
    sides.ours["a"][0] = 3.0
    with pytest.raises(Difference, match=r"a = torch.tensor\(\[1.0, 2.0\]\)\nb = a \+ 1\n# a"):
        sides.run("b = a + 1")


def test_what_both_refuse_is_no_difference():
    sides = SideBySide()
    sides.run("a = torch.ones(2, 3)")
    assert not sides.run("b = a @ a")
    assert "matmul" in sides.refused[0]
    assert not sides.run("a.view(5)")
    assert sides.run("c = a.t()")


@pytest.mark.parametrize(
    ("ours", "what"),
    [
        ("torch.zeros(2, 3).t()", "shape"),
        ("torch.zeros(3, 2, dtype=torch.float64)", "dtype"),
        ("torch.zeros(3, 2, requires_grad=True)", "requires_grad"),
        ("torch.zeros(2, 3).t().contiguous() + 1", "got"),
    ],
)
def test_a_difference_is_seen(ours, what):
    sides = SideBySide()
    sides.run("a = torch.zeros(3, 2)")
    exec(f"a = {ours.replace('zeros(2, 3).t()', 'zeros(2, 3)') if what == 'shape' else ours}", sides.ours)
    with pytest.raises(Difference, match=what):
        sides.run("b = 1")
