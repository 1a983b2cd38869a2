"""The cache of small ints, as it is found and as the talk tries it."""

from __future__ import annotations

import sys

from tensorlab.core.small_ints import Identity, find_small_ints


def test_the_limits_are_those_of_cpython() -> None:
    found = find_small_ints()
    assert (found.low, found.high) == (-5, 256 if sys.version_info < (3, 15) else 1024)


def test_two_hundred_is_one_object_and_three_hundred_is_not() -> None:
    assert find_small_ints().identities == (
        Identity(200, together=False, same=True),
        Identity(200, together=True, same=True),
        Identity(300, together=False, same=False),
        Identity(300, together=True, same=True),
    )


def test_the_ints_lie_in_a_row() -> None:
    found = find_small_ints()
    assert found.step is not None
    assert found.step >= found.sizeof
    assert found.offset(found.low) == 0
    assert found.offset(200) == id(200) - id(-5) == found.step * 205
    assert found.nbytes == found.step * 262
    assert found.offset(300) is None


def test_data() -> None:
    found = find_small_ints((7,))
    assert found.to_dict()["identities"] == [
        {"value": 7, "together": False, "same": True},
        {"value": 7, "together": True, "same": True},
    ]
    assert "address" not in found.to_dict()
    assert found.to_dict(addresses=True)["address"] == id(-5)
