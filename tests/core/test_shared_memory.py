"""Tensors that processes share: one memory, whatever way a tensor was sent, and nothing left behind."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import numpy as np
import pytest

import tensorlab as tl
from tensorlab.errors import AliasError, GradError, OutOfMemoryError
from tensorlab.memory import memory_allocated, use_allocator
from tensorlab.memory.shared import SharedBlock

WAIT = 60  # seconds until a child that does not answer fails the test


def mappings() -> int:
    gc.collect()
    return Path("/proc/self/maps").read_text(encoding="utf-8").count("memfd:tensorlab")


def descriptors() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def left_in_shared_memory() -> set[str]:
    return set(os.listdir("/dev/shm"))


def sent(thing):
    """What a receiver in this process makes of it."""
    return ForkingPickler.loads(ForkingPickler.dumps(thing))


# In one process -------------------------------------------------------------------------------------------------------


def test_sharing_moves_all_tensors_over_the_storage():
    gc.collect()
    before = memory_allocated()
    t = tl.arange(6.0)
    part, data = t[2:], t.data
    assert not t.is_shared()
    assert t.share_memory_() is t
    assert t.is_shared()
    assert part.is_shared()
    assert t.untyped_storage().is_shared()
    assert memory_allocated() == before  # its old bytes went back
    assert [x.data_ptr() - t.data_ptr() for x in (part, data)] == [8, 0]
    part.fill_(1)
    assert t.tolist() == data.tolist() == [0, 1, 1, 1, 1, 1]
    assert t._version == 1
    assert t.share_memory_().data_ptr() == data.data_ptr()


def test_shared_memory_goes_with_its_last_tensor():
    known, open_ = mappings(), descriptors()
    t = tl.ones(1000).share_memory_()
    part = t[5:]
    assert mappings() == known + 1
    del t
    assert part.tolist()[0] == 1
    assert mappings() == known + 1
    array = part.numpy()
    del part
    assert array[0] == 1
    assert mappings() == known + 1
    del array
    assert mappings() == known
    assert descriptors() == open_


def test_what_comes_back_is_what_is_here():
    t = tl.arange(4.0)
    again, part = sent((t, t[1:]))
    assert again.storage() is part.storage() is t.storage()
    assert t.is_shared()  # it moved before it was sent
    assert sent(t).storage() is t.storage()
    part.add_(1)
    assert (t.tolist(), t._version) == ([0, 2, 3, 4], 1)


@pytest.mark.parametrize("dtype", ["bool", "int64", "bfloat16", "float32"])
def test_layouts_and_dtypes_arrive(dtype):
    t = tl.tensor([[0, 1, 1], [1, 1, 0]]).to(getattr(tl, dtype)).t()[1:]
    got = sent(t)
    assert (got.dtype, got.shape, got.stride(), got.storage_offset()) == (t.dtype, t.shape, t.stride(), 1)
    assert got.tolist() == t.tolist()
    assert sent(tl.zeros(0, 3)).shape == (0, 3)


def test_gradients_stay_and_histories_are_refused():
    leaf = tl.ones(2, requires_grad=True)
    assert sent(leaf).requires_grad
    assert sent(leaf).is_leaf
    parameter = tl.nn.Parameter(tl.ones(2))
    got = sent(parameter)
    assert type(got) is tl.nn.Parameter
    assert got.storage() is parameter.storage()
    with pytest.raises(GradError) as error:
        ForkingPickler.dumps(leaf * 2)
    assert str(error.value) == (
        "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support crossing "
        "process boundaries. If you just want to transfer the data, call detach() on the tensor before serializing "
        "(e.g., putting it on the queue)."
    )


def test_memory_that_cannot_move_is_not_shared_and_is_sent_as_a_copy():
    array = np.arange(3.0)
    imported = tl.from_numpy(array)
    with pytest.raises(AliasError) as error:
        imported.share_memory_()
    assert str(error.value) == (
        "share_memory_: Trying to resize storage that is not resizable: its memory was imported from a ndarray"
    )
    lent = tl.arange(3.0)
    borrower = lent.numpy()
    with pytest.raises(AliasError) as error:
        lent.share_memory_()
    assert str(error.value) == (
        "share_memory_: Trying to resize storage that is not resizable: its memory is lent to NumPy or another "
        "library, which would go on using it"
    )
    for t in (imported, lent):
        got, part = sent((t, t[1:]))
        assert got.tolist() == t.tolist()
        assert got.storage() is part.storage() is not t.storage()
        assert not t.is_shared()
    assert borrower.tolist() == [0, 1, 2]


def test_the_allocator_of_shared_memory():
    known = mappings()
    with use_allocator(tl.memory.SharedAllocator()):
        t = tl.zeros(3) + 1
    assert t.is_shared()
    assert t.data_ptr() % 64 == 0
    assert sent(t).storage() is t.storage()
    del t
    assert mappings() == known
    with pytest.raises(OutOfMemoryError, match=r"^SharedAllocator\.allocate: the system gives no shared memory of "):
        SharedBlock.new(1 << 60)
    assert mappings() == known


def test_shared_memory_keeps_its_size():
    block = SharedBlock.new(100)
    for nbytes in (0, 10, 10_000):
        with pytest.raises(PermissionError):
            os.ftruncate(block.fd, nbytes)


# Between processes ----------------------------------------------------------------------------------------------------


def write_and_answer(t, queue, pipe):
    t.add_(1)
    first, second = queue.get(timeout=WAIT)
    first.fill_(7)
    pipe.send((second.tolist(), first.storage() is second.storage() is t.storage()))
    pipe.send(second)
    pipe.send(tl.full((2,), 3.0))
    queue.get(timeout=WAIT)


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning", "ignore:.*fork.*:RuntimeWarning")
def test_a_child_writes_and_is_seen(method):
    context = multiprocessing.get_context(method)
    t = tl.zeros(5).share_memory_()
    queue, (ours, theirs) = context.Queue(), context.Pipe()
    child = context.Process(target=write_and_answer, args=(t, queue, theirs))
    child.start()
    queue.put((t[:2], t[1:]))
    assert ours.poll(WAIT)
    assert ours.recv() == ([7, 1, 1, 1], True)
    assert t.tolist() == [7, 7, 1, 1, 1]
    back, made = ours.recv(), ours.recv()
    assert back.storage() is t.storage()
    assert made.tolist() == [3, 3]
    queue.put(None)
    child.join(WAIT)
    assert child.exitcode == 0
    assert made.add_(1).tolist() == [4, 4]  # its maker is gone, the memory is not
    queue.close()
    queue.join_thread()


def share_and_die(t, pipe, how):
    mine = tl.ones(1 << 16).share_memory_()
    t.add_(mine[:5])
    pipe.send("ready")
    if how == "exit":
        os._exit(3)
    signal.pause()


@pytest.mark.parametrize("how", ["exit", "kill"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning", "ignore:.*fork.*:RuntimeWarning")
def test_a_child_that_dies_leaves_nothing_behind(how):
    before = left_in_shared_memory()
    context = multiprocessing.get_context("fork")
    t = tl.zeros(5).share_memory_()
    known = mappings()
    ours, theirs = context.Pipe()
    child = context.Process(target=share_and_die, args=(t, theirs, how))
    child.start()
    assert ours.poll(WAIT)
    assert ours.recv() == "ready"
    if how == "kill":
        child.kill()
    child.join(WAIT)
    assert child.exitcode == (3 if how == "exit" else -signal.SIGKILL)
    assert t.tolist() == [1] * 5
    assert mappings() == known
    assert left_in_shared_memory() == before
