"""How ``multiprocessing`` sends tensors: by queues, pipes and the arguments of processes, without a copy.

What is sent is a file descriptor of shared memory and a layout. Versions are counted in each process for itself; a
gradient and a history stay behind. Pickle as such, into a file, is `autograd.copies`' matter.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from multiprocessing import reduction
from multiprocessing.context import get_spawning_popen
from typing import Any

from tensorlab.core.dtype import BY_NAME
from tensorlab.core.layout import layout
from tensorlab.core.linked_storage import LINKED
from tensorlab.core.shared_storage import block_of, note, share, storage_over_block
from tensorlab.core.storage import Storage
from tensorlab.core.tensor import Tensor
from tensorlab.errors import AliasError, GradError
from tensorlab.memory.shared import SharedBlock


def reduce_tensor(tensor: Tensor) -> tuple[Any, ...]:
    """What another process makes the tensor from.

    Raises: `GradError` for a tensor with a history, in torch's words.
    """
    if tensor.requires_grad and not tensor.is_leaf:
        raise GradError(
            "Cowardly refusing to serialize non-leaf tensor which requires_grad, since autograd does not support "
            "crossing process boundaries. If you just want to transfer the data, call detach() on the tensor before "
            "serializing (e.g., putting it on the queue)."
        )
    form = tensor.layout
    place = (form.dtype.name, tuple(form.shape), form.strides, tensor.offset)
    return rebuild_tensor, (tensor.storage().owner, *place, tensor.requires_grad)


def rebuild_tensor(
    storage: Storage,
    dtype: str,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    offset: int,
    requires_grad: bool,  # noqa: FBT001 - pickle passes no keywords
) -> Tensor:
    """The tensor that `reduce_tensor` took apart."""
    result = Tensor(storage, layout(BY_NAME[dtype], shape, strides), offset)
    return result.requires_grad_() if requires_grad else result


def reduce_storage(storage: Storage) -> tuple[Any, ...]:
    """A descriptor of the storage's shared memory; tensors over one storage send it once a message.

    A storage elsewhere moves to shared memory first, as in torch. One that cannot move, because it was imported or is
    lent, is copied: the receiver has values of its own then.
    """
    if not storage.nbytes:
        return Storage.empty, (0,)
    block = block_of(storage)
    if block is None:
        with suppress(AliasError):
            share(storage, "send")
        block = block_of(storage)
    else:
        note(storage, block)
    if block is None:
        block = SharedBlock.new(storage.nbytes)
        ctypes.memmove(block.address, storage.address, storage.nbytes)
    _hold(block)
    return rebuild_storage, (reduction.DupFd(block.fd), block.nbytes)


def _hold(block: SharedBlock) -> None:
    """Keep a descriptor open until the process that is being spawned has it."""
    spawning: Any = get_spawning_popen()
    if spawning is not None:
        spawning.__dict__.setdefault("tensorlab_blocks", []).append(block)


def rebuild_storage(descriptor: Any, nbytes: int) -> Storage:
    """The storage over the shared memory that a descriptor stands for: the one that is here, if there is one."""
    return storage_over_block(SharedBlock(descriptor.detach(), nbytes))


ForkingPickler = reduction.ForkingPickler
ForkingPickler.register(Tensor, reduce_tensor)
for _kind in (*LINKED, *LINKED.values()):
    ForkingPickler.register(_kind, reduce_storage)
