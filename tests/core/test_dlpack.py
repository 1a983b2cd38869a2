"""DLPack in and out, with the real libraries: the same bytes, one storage, and nothing kept longer than it is used."""

from __future__ import annotations

import gc
import sys
import weakref

import ml_dtypes
import numpy as np
import pytest

import tensorlab as tl
from tensorlab.core.dlpack_exchange import from_exchange
from tensorlab.core.lending import borrowed_from
from tensorlab.errors import AliasError, ArgumentError, DTypeError, ExchangeError
from tensorlab.memory import memory_allocated

pytestmark = pytest.mark.usefixtures("sharing_by")

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64"]


def live() -> int:
    gc.collect()
    return memory_allocated()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("max_version", [None, (1, 0), (1, 9)], ids=str)
def test_every_dtype_goes_out_and_comes_back(dtype, max_version):
    t = tl.tensor([[0, 1, 1], [1, 0, 1]]).to(getattr(tl, dtype))
    back = tl.from_dlpack(t.__dlpack__(max_version=max_version))
    assert back.dtype is t.dtype
    assert back.tolist() == t.tolist()
    assert back.data_ptr() == t.data_ptr()


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d != "bfloat16"])
def test_numpy_takes_and_gives(dtype):
    t = tl.tensor([0, 1, 1]).to(getattr(tl, dtype))
    array = np.from_dlpack(t)
    assert (array.dtype.name, array.tolist()) == (dtype, t.tolist())
    assert np.shares_memory(array, t.numpy())
    assert array.flags.writeable
    again = tl.from_dlpack(array)
    assert again.storage() is t.storage()


@pytest.mark.parametrize("dtype", DTYPES)
def test_torch_takes_and_gives(dtype):
    torch = pytest.importorskip("torch")
    t = tl.tensor([[0, 1], [1, 0]]).to(getattr(tl, dtype))
    theirs = torch.from_dlpack(t)
    assert theirs.dtype is getattr(torch, dtype)
    assert theirs.tolist() == t.tolist()
    theirs[0, 1] = 0
    assert t[0, 1].item() == 0
    own = torch.tensor([[0, 1], [1, 1]]).to(getattr(torch, dtype)).t()
    ours = tl.from_dlpack(own)
    assert (ours.dtype.name, ours.stride(), ours.tolist()) == (dtype, own.stride(), own.tolist())
    ours[1, 0] = 0
    assert own[1, 0].item() == 0
    assert ours.data_ptr() == own.data_ptr()


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d not in ("int64", "float64")])
def test_jax_takes_and_gives(dtype):
    jax = pytest.importorskip("jax")
    t = tl.tensor([[0, 1], [1, 0]]).to(getattr(tl, dtype))
    theirs = jax.dlpack.from_dlpack(t)
    assert (theirs.dtype.name, theirs.tolist()) == (dtype, t.tolist())
    assert theirs.unsafe_buffer_pointer() == t.data_ptr()  # 64 bytes of alignment: no copy
    own = jax.numpy.asarray([[0, 1], [1, 1]], dtype)
    ours = tl.from_dlpack(own)
    assert (ours.dtype.name, ours.tolist()) == (dtype, own.tolist())
    assert ours.data_ptr() == own.unsafe_buffer_pointer()
    with pytest.raises(AliasError):  # arrays of JAX don't change
        ours.zero_()


def test_a_tensor_that_went_through_another_library_is_the_same_storage():
    torch = pytest.importorskip("torch")
    t = tl.arange(6.0).view(2, 3)
    back = tl.from_dlpack(torch.from_dlpack(t)[1:, 1:])
    assert back.storage() is t.storage()
    assert (back.tolist(), back.storage_offset(), back.stride()) == ([[4.0, 5.0]], 4, (3, 1))
    round_trip = tl.from_numpy(torch.from_numpy(t.numpy()).numpy())
    assert round_trip.storage() is t.storage()


def test_parts_of_a_foreign_tensor_share_a_version():
    torch = pytest.importorskip("torch")
    theirs = torch.arange(8.0)
    inner, whole, apart = tl.from_dlpack(theirs[2:4]), tl.from_dlpack(theirs), tl.from_dlpack(theirs[5:])
    assert apart.storage() is whole.storage() is not inner.storage()
    assert tl.from_dlpack(theirs).storage() is whole.storage()
    inner.add_(1)
    assert (inner._version, whole._version, apart._version) == (1, 1, 1)
    assert theirs.tolist() == [0, 1, 3, 4, 4, 5, 6, 7]


def test_read_only_memory_stays_read_only_on_the_way():
    array = np.arange(3.0)
    array.flags.writeable = False
    t = tl.from_dlpack(array)
    with pytest.raises(AliasError):
        t.add_(1)
    assert not np.from_dlpack(t).flags.writeable
    with pytest.raises(ExchangeError) as error:
        t.__dlpack__()
    assert str(error.value) == (
        "__dlpack__: the tensor's memory is read-only, which a consumer of DLPack before 1.0 cannot be told: "
        "ask with max_version=(1, 0) or copy=True"
    )
    copied = tl.from_dlpack(t.__dlpack__(max_version=(1, 0), copy=True))
    assert copied.add_(1).tolist() == [1, 2, 3]
    assert t.tolist() == [0, 1, 2]


def test_a_capsule_of_the_first_form_gives_a_read_only_tensor():
    """It has no word for read-only memory, so it may be that."""
    with pytest.raises(AliasError):
        tl.from_dlpack(np.zeros(3).__dlpack__()).add_(1)
    assert tl.from_dlpack(np.zeros(3).__dlpack__(max_version=(1, 0))).add_(1).tolist() == [1, 1, 1]


class Old:
    """A producer from before the keywords."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, stream=None):
        return self.array.__dlpack__()

    def __dlpack_device__(self):
        return (1, 0)


def test_an_old_producer():
    array = np.arange(3.0)
    t = tl.from_dlpack(Old(array))
    assert t.data_ptr() == array.ctypes.data
    copied = tl.from_dlpack(Old(array), copy=True)
    assert copied.data_ptr() != array.ctypes.data
    assert copied.add_(1).tolist() == [1, 2, 3]
    assert tl.from_dlpack(Old(array), copy=False).data_ptr() == array.ctypes.data


def test_copy():
    t = tl.arange(3.0)
    assert tl.from_dlpack(t, copy=True).data_ptr() != t.data_ptr()
    assert tl.from_dlpack(t, copy=False).data_ptr() == t.data_ptr()
    array = np.from_dlpack(t, copy=True)
    array[0] = 9
    assert t.tolist() == [0, 1, 2]
    array = np.arange(4.0)
    assert tl.from_dlpack(array, copy=True).data_ptr() != array.ctypes.data
    assert tl.from_dlpack(array.__dlpack__(max_version=(1, 0)), copy=True).data_ptr() != array.ctypes.data

    class Elsewhere(Old):
        def __dlpack__(self, *, copy=None, **options):
            if copy is False:
                raise BufferError("this needs a copy")
            return self.array.copy().__dlpack__()

    with pytest.raises(BufferError, match=r"^this needs a copy$"):
        tl.from_dlpack(Elsewhere(array), copy=False)
    assert tl.from_dlpack(Elsewhere(array)).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stream": 1}, "__dlpack__: stream should be None on cpu, got 1"),
        ({"dl_device": (2, 0)}, "__dlpack__: got the device (2, 0); the tensor is on the CPU, (1, 0)"),
        ({"dl_device": (2, 0), "copy": False}, "__dlpack__: got the device (2, 0); the tensor is on the CPU, (1, 0)"),
    ],
    ids=["stream", "device", "device without a copy"],
)
def test_what_the_cpu_does_not_give(options, message):
    with pytest.raises(ExchangeError) as error:
        tl.ones(2).__dlpack__(**options)
    assert str(error.value) == message
    assert isinstance(error.value, BufferError)


def test_a_tensor_that_requires_a_gradient_does_not_go_out():
    t = tl.ones(2, requires_grad=True)
    with pytest.raises(
        BufferError, match=r"^__dlpack__: can't export tensors that require gradient, use tensor\.detach"
    ):
        t.__dlpack__()
    assert np.from_dlpack(t.detach()).tolist() == [1, 1]


def test_negative_strides_do_not_go_out():
    """torch.from_dlpack(np.arange(3)[::-1]) ends the process: the exception leaves C code that lets none through."""
    array = np.arange(6.0).reshape(2, 3)
    t = tl.from_dlpack(array[::-1, ::-2])
    assert t.tolist() == [[5, 3], [2, 0]]
    with pytest.raises(ExchangeError) as error:
        t.__dlpack__()
    assert str(error.value) == (
        "__dlpack__: the tensor has negative strides (-3, -2), which not all consumers take: use contiguous() or "
        "copy=True"
    )
    copied = tl.from_dlpack(t.__dlpack__(copy=True))
    assert copied.tolist() == [[5, 3], [2, 0]]
    assert min(copied.stride()) > 0


def test_what_is_no_producer():
    with pytest.raises(ArgumentError) as error:
        tl.from_dlpack([1, 2])
    assert str(error.value) == (
        "from_dlpack: takes an object with __dlpack__ and __dlpack_device__, or a capsule, got list"
    )

    class Cuda(Old):
        def __dlpack_device__(self):
            return (2, 1)

    with pytest.raises(ExchangeError) as error:
        tl.from_dlpack(Cuda(np.zeros(1)))
    assert str(error.value) == "from_dlpack: got memory on DLPack's device (2, 1); takes the CPU's"


def test_a_capsule_is_consumed_once():
    capsule = tl.ones(2).__dlpack__()
    assert tl.from_dlpack(capsule).tolist() == [1, 1]
    with pytest.raises(ExchangeError) as error:
        tl.from_dlpack(capsule)
    assert str(error.value) == ("from_dlpack: got a capsule named 'used_dltensor'; takes one that nobody has consumed")


def test_elements_that_tensors_do_not_hold():
    with pytest.raises(DTypeError, match=r"^from_numpy: got an array of dtype <c8 \(complex64\); takes native bool"):
        tl.from_dlpack(np.zeros(2, np.complex64))
    torch = pytest.importorskip("torch")
    with pytest.raises(
        DTypeError, match=r"^from_dlpack: got elements of DLPack's type code \d+, 8 bits, 1 lanes; takes"
    ):
        tl.from_dlpack(torch.zeros(2, dtype=torch.float8_e5m2))


# Who keeps what alive -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("max_version", [None, (1, 0)], ids=str)
def test_a_capsule_that_nobody_consumes_frees_what_it_holds(dtype, max_version):
    before = live()
    t = tl.zeros(1000, dtype=getattr(tl, dtype))
    storage = weakref.ref(t.storage())
    capsule = t.__dlpack__(max_version=max_version)
    del t
    assert storage() is not None
    assert live() > before
    del capsule
    assert storage() is None
    assert live() == before


def test_a_capsule_that_was_consumed_frees_when_its_consumer_dies():
    torch = pytest.importorskip("torch")
    before = live()
    t = tl.zeros(1000)
    storage = weakref.ref(t.storage())
    capsule = t.__dlpack__(max_version=(1, 0))
    del t
    theirs = torch.from_dlpack(capsule)
    del capsule
    part = theirs[10:]
    del theirs
    assert storage() is not None
    del part
    assert storage() is None
    assert live() == before


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_consumed_producer_lives_as_long_as_the_last_view(dtype):
    torch = pytest.importorskip("torch")
    theirs = torch.zeros(10, dtype=getattr(torch, dtype))
    count = sys.getrefcount(theirs)
    ours = tl.from_dlpack(theirs)
    assert sys.getrefcount(theirs) == count + 1
    part = ours[5:]
    del ours
    assert sys.getrefcount(theirs) == count + 1
    part.fill_(1)
    assert theirs.tolist() == [0] * 5 + [1] * 5
    del part
    assert sys.getrefcount(theirs) == count


def test_an_array_that_came_in_by_dlpack_goes_when_the_last_view_dies():
    array = np.zeros(10)
    watched = Old(array)
    count = sys.getrefcount(array)
    ours = tl.from_dlpack(watched)
    assert sys.getrefcount(array) == count + 1
    part = ours[1:]
    del ours
    assert sys.getrefcount(array) == count + 1
    del part
    assert sys.getrefcount(array) == count


def test_a_capsule_that_could_not_be_read_frees_too():
    array = np.zeros(4, ml_dtypes.bfloat16)
    count = sys.getrefcount(array)
    torch = pytest.importorskip("torch")
    theirs = torch.zeros(4, dtype=torch.float8_e5m2)
    alive = weakref.ref(theirs)
    with pytest.raises(DTypeError):
        tl.from_dlpack(theirs)
    del theirs
    gc.collect()
    assert alive() is None
    assert sys.getrefcount(array) == count


def test_a_loan_ends_with_its_last_borrower():
    t = tl.zeros(5)
    array = np.from_dlpack(t)
    other = t.numpy()
    assert borrowed_from(t.storage()) is not None
    del array
    assert borrowed_from(t.storage()) is not None
    del other
    assert borrowed_from(t.storage()) is None


def test_names_of_torch():
    capsule = tl.utils.dlpack.to_dlpack(tl.arange(3))
    assert tl.utils.dlpack.from_dlpack(capsule).tolist() == [0, 1, 2]


def test_torchs_table_of_functions_gives_what_its_method_gives(sharing_by):
    torch = pytest.importorskip("torch")
    whole = torch.arange(12.0).reshape(3, 4)
    for theirs in (whole, whole[1:, ::2], whole.t(), whole[0, 0], torch.zeros(4, dtype=torch.bfloat16)):
        seen = from_exchange(theirs)
        assert (seen is None) == (sharing_by == "python")
        ours = tl.from_dlpack(theirs)
        assert (ours.data_ptr(), tuple(ours.shape), ours.stride()) == (
            theirs.data_ptr(),
            tuple(theirs.shape),
            theirs.stride(),
        )
        assert seen is None or (seen.storage() is ours.storage() and seen.dtype is ours.dtype)
    ours, part = tl.from_dlpack(whole), tl.from_dlpack(whole[1:])
    part.add_(1)
    assert ours._version == 1
    assert whole.tolist() == ours.tolist()


def test_what_torchs_table_is_not_asked_for():
    torch = pytest.importorskip("torch")

    class Own(torch.Tensor):
        """May mean something else by ``__dlpack__``."""

    asked = (
        torch.zeros(3, requires_grad=True),
        torch.zeros(3).as_subclass(Own),
        torch.zeros(3, dtype=torch.complex64),
        torch.zeros(0),
        torch.eye(2).to_sparse(),
        np.zeros(3),
        3,
    )
    assert [from_exchange(theirs) for theirs in asked] == [None] * len(asked)
    with pytest.raises(BufferError, match=r"^Can't export tensors that require gradient, use tensor.detach\(\)$"):
        tl.from_dlpack(asked[0])


def test_a_tensor_of_torchs_lives_as_long_as_the_last_view():
    torch = pytest.importorskip("torch")
    theirs = torch.full((5,), 3.0)
    storage = theirs.untyped_storage()._weak_ref()
    ours = tl.from_dlpack(theirs)
    view = ours[1:]
    del theirs, ours
    gc.collect()
    assert view.tolist() == [3.0] * 4
    assert not torch.UntypedStorage._expired(storage)
    del view
    assert torch.UntypedStorage._expired(storage)
    torch.UntypedStorage._free_weak_ref(storage)
