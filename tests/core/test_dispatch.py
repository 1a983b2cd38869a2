"""Modes: the topmost sees a call first, each thread has its own stack, and a stack is restored whatever happens."""

import threading

import pytest

import tensorlab as tl
from tensorlab.core.dispatch import MODES, below, pushed


class Note:
    """A mode that notes the calls it sees and passes them on."""

    def __init__(self, name, log):
        self.name, self.log = name, log

    def call(self, op, args):
        self.log.append((self.name, op.name))
        with below(self):
            return op.call(args)


A = tl.ones(2)


def test_modes_see_calls_from_the_top_down():
    log = []
    with pushed(Note("outer", log)), pushed(Note("inner", log)):
        result = A + A
    assert log == [("inner", "add.Tensor"), ("outer", "add.Tensor")]
    assert result.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("call", "seen"),
    [
        (lambda: A + A, ["add.Tensor"]),
        (lambda: A * 2.5, ["mul.Scalar"]),
        (lambda: 2 - A, ["rsub.Scalar"]),
        (lambda: 1 / A, ["reciprocal", "mul.Scalar"]),
        (lambda: tl.tanh(A), ["tanh"]),
        (lambda: A.clone().add_(1), ["clone", "add_.Scalar"]),
        (lambda: A.sum(0), ["sum.dim_IntList"]),
        (lambda: A.max(), ["max"]),
        (lambda: A.softmax(0), ["softmax.int"]),
        (lambda: A[0], ["select.int"]),
        (lambda: A[1:], ["slice.Tensor"]),
        (lambda: A.view(2, 1).t(), ["view", "t"]),
        (lambda: A @ A, ["matmul"]),
        (lambda: tl.zeros(2), ["zeros"]),
        (lambda: A.clone().__setitem__(0, 3), ["clone", "select.int", "fill_.Scalar"]),
        (lambda: A.to(tl.int64), ["to.dtype"]),
        (lambda: tl.cat([A, A]), ["cat"]),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_each_operation_is_seen_once_and_what_it_is_made_of_is_not(call, seen):
    call()  # so that there are short cuts to be kept off
    log = []
    with pushed(Note("mode", log)):
        call()
    assert [name for _, name in log] == seen


def test_the_stack_is_restored_after_an_error():
    with pytest.raises(ZeroDivisionError), pushed(Note("a", [])):
        raise ZeroDivisionError
    assert MODES.get() == ()
    with pytest.raises(tl.TensorlabError), pushed(Note("a", [])):
        A + tl.ones(3)
    assert MODES.get() == ()


def test_below_leaves_what_is_under_a_mode():
    outer, inner = Note("outer", []), Note("inner", [])
    with pushed(outer), pushed(inner):
        with below(inner):
            assert MODES.get() == (outer,)
        assert MODES.get() == (outer, inner)


def test_threads_have_their_own_modes():
    seen = []
    with pushed(Note("here", seen)):
        thread = threading.Thread(target=lambda: A + A)
        thread.start()
        thread.join()
    assert seen == []
