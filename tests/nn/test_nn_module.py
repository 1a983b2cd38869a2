"""What a module is made of, what may be assigned to it, its state: as torch's, refusals and their words included."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest
from torch_twin import said, torch

import tensorlab as tl


def parts(lib):
    """A module with everything: parameters, one shared, buffers of both kinds, modules, one shared, and empty names."""
    nn = lib.nn

    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(lib.ones(2))
            self.register_parameter("nothing", None)
            self.register_buffer("kept", lib.zeros(3))
            self.register_buffer("passing", lib.zeros(1), persistent=False)
            self.register_buffer("none", None)

        def forward(self, x):
            return x * self.weight

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = Inner()
            self.b = nn.Sequential(Inner(), nn.Linear(2, 2))
            self.again = self.a
            self.own = nn.Parameter(lib.full((2,), 3.0))
            self.tied = self.b[1].weight
            self.number = 7

        def forward(self, x):
            return self.b(self.a(x)) + self.own

    return Outer()


LISTED = {
    "parameters": lambda m: [n for n, _ in m.named_parameters()],
    "all parameters": lambda m: [n for n, _ in m.named_parameters(remove_duplicate=False)],
    "own parameters": lambda m: [n for n, _ in m.named_parameters(recurse=False)],
    "with prefix": lambda m: [n for n, _ in m.named_parameters("p")],
    "buffers": lambda m: [n for n, _ in m.named_buffers()],
    "all buffers": lambda m: [n for n, _ in m.named_buffers("p", remove_duplicate=False)],
    "modules": lambda m: [(n, type(p).__name__) for n, p in m.named_modules()],
    "all modules": lambda m: [n for n, p in m.named_modules(prefix="p", remove_duplicate=False)],
    "children": lambda m: [n for n, _ in m.named_children()],
    "counts": lambda m: [len(list(f())) for f in (m.parameters, m.buffers, m.modules, m.children)],
    "state": lambda m: [(n, tuple(v.shape), v.requires_grad) for n, v in m.state_dict().items()],
    "state with prefix": lambda m: list(m.state_dict(prefix="net.")),
    "state on the tape": lambda m: [v.requires_grad for v in m.state_dict(keep_vars=True).values()],
    "state's kind": lambda m: isinstance(m.state_dict(), OrderedDict),
    "submodule": lambda m: str(m.get_submodule("b.1")) + str(m.get_submodule("") is m),
    "parameter": lambda m: tuple(m.get_parameter("b.1.weight").shape),
    "buffer": lambda m: tuple(m.get_buffer("a.kept").shape),
    "dir": lambda m: [n for n in dir(m.b[0]) + dir(m.b) if n in ("weight", "kept", "none", "nothing", "0", "training")],
    "shared": lambda m: m.tied is m.b[1].weight,
}


@pytest.mark.torch
@pytest.mark.parametrize("look", LISTED.values(), ids=LISTED)
def test_what_it_is_made_of(look):
    assert look(parts(tl)) == look(parts(torch))


def fresh(lib):
    return lib.nn.Linear(2, 3)


def early(lib, value):
    class Early(lib.nn.Module):
        def __init__(self):
            self.thing = value(lib)

    return Early()


def register(kind, name, value):
    return lambda lib: getattr(fresh(lib), f"register_{kind}")(name, value(lib))


ERRORS = {
    "parameter before init": lambda lib: early(lib, lambda b: b.nn.Parameter(b.ones(1))),
    "module before init": lambda lib: early(lib, fresh),
    "number over a parameter": lambda lib: setattr(fresh(lib), "weight", 3),
    "list over a module": lambda lib: setattr(lib.nn.Sequential(fresh(lib)), "0", []),
    "number over a buffer": lambda lib: setattr(lib.nn.BatchNorm1d(2), "running_mean", 3),
    "missing": lambda lib: fresh(lib).missing,
    "delete missing": lambda lib: delattr(fresh(lib), "missing"),
    "submodule": lambda lib: parts(lib).get_submodule("b.7"),
    "submodule that is none": lambda lib: parts(lib).get_submodule("b.1.weight"),
    "parameter that is missing": lambda lib: parts(lib).get_parameter("b.1.missing"),
    "buffer that is none": lambda lib: parts(lib).get_buffer("own"),
    "parameter that is none": lambda lib: parts(lib).get_parameter("a.kept"),
    "dot in a parameter": register("parameter", "a.b", lambda lib: None),
    "empty parameter": register("parameter", "", lambda lib: None),
    "parameter of a number": register("parameter", 3, lambda lib: None),
    "parameter that exists": register("parameter", "forward", lambda lib: None),
    "list for a parameter": register("parameter", "p", lambda lib: []),
    "history in a parameter": lambda lib: fresh(lib).register_parameter("p", derived(lib)),
    "dot in a buffer": register("buffer", "a.b", lambda lib: lib.ones(1)),
    "empty buffer": register("buffer", "", lambda lib: lib.ones(1)),
    "buffer that exists": register("buffer", "weight", lambda lib: lib.ones(1)),
    "list for a buffer": register("buffer", "p", lambda lib: []),
    "dot in a module": lambda lib: fresh(lib).add_module("a.b", fresh(lib)),
    "empty module": lambda lib: fresh(lib).add_module("", fresh(lib)),
    "module that exists": lambda lib: fresh(lib).add_module("forward", fresh(lib)),
    "list for a module": lambda lib: fresh(lib).add_module("m", []),
    "train": lambda lib: fresh(lib).train(3),
    "state of a list": lambda lib: fresh(lib).load_state_dict([]),
    "state with nothing": lambda lib: fresh(lib).load_state_dict({}),
    "state with more": lambda lib: fresh(lib).load_state_dict({**fresh(lib).state_dict(), "x": lib.ones(1), "y.z": 3}),
    "state of other shapes": lambda lib: fresh(lib).load_state_dict({"weight": lib.ones(2), "bias": lib.ones(2)}),
    "all wrong": lambda lib: lib.nn.Sequential(fresh(lib)).load_state_dict({"0.weight": lib.ones(2), "bias": 3}),
    "index of a list": lambda lib: lib.nn.ModuleList([fresh(lib)])[1],
    "index of a sequence": lambda lib: lib.nn.Sequential(fresh(lib))[-2],
    "key of a dict": lambda lib: lib.nn.ModuleDict({})["a"],
    "no iterable for a dict": lambda lib: lib.nn.ModuleDict(3),
    "no iterable for a list": lambda lib: lib.nn.ModuleList(3),
    "sequence plus list": lambda lib: lib.nn.Sequential() + [],
    "sequence times none": lambda lib: lib.nn.Sequential() * 0,
    "call of a list of parameters": lambda lib: lib.nn.ParameterList([lib.ones(1)])(),
    "to integers": lambda lib: fresh(lib).to(lib.int64),
    "unknown keyword": lambda lib: lib.nn.Module(1, a=2),
}


def derived(lib):
    """A parameter with a history."""
    p = lib.nn.Parameter(lib.ones(1), requires_grad=False)
    p += lib.ones(1, requires_grad=True)
    return p


# Where the words are not torch's own, or name what is the library's.
OTHER_WORDS = {
    "unknown keyword": "Python's words for the constructor of object",
    "key of a dict": "KeyError of Python's",
    "sequence plus list": "names of classes",
    "sequence times none": "names of classes",
    "to integers": "dtypes print with their package",
    "delete missing": "Python's words",
}


@pytest.mark.torch
@pytest.mark.parametrize("name", ERRORS)
def test_what_is_refused_and_how(name):
    theirs, your_words = said(lambda: ERRORS[name](torch))
    ours, my_words = said(lambda: ERRORS[name](tl))
    assert isinstance(ours, type(theirs))
    if name not in OTHER_WORDS:
        assert my_words == your_words


def test_a_module_without_forward():
    class Empty(tl.nn.Module):
        pass

    with pytest.raises(tl.TensorlabError) as caught:
        Empty()(1)
    assert str(caught.value) == 'Module [Empty] is missing the required "forward" function'


def test_a_state_that_does_not_fit_leaves_nothing_half_loaded():
    net = tl.nn.Sequential(tl.nn.Linear(2, 2), tl.nn.Linear(2, 2))
    before = {k: v.clone() for k, v in net.state_dict().items()}
    wrong = {**{k: tl.full(tuple(v.shape), 9.0) for k, v in before.items()}, "1.bias": tl.ones(3)}
    with pytest.raises(tl.TensorlabError):
        net.load_state_dict(wrong)
    assert all(tl.equal(before[k], v) for k, v in net.state_dict().items())


@pytest.mark.torch
@pytest.mark.parametrize("lib", [tl, torch], ids=["tensorlab", "torch"])
class TestAlike:
    """Each of these holds for both libraries."""

    def test_state_is_shared_and_loading_copies(self, lib):
        a, b = fresh(lib), fresh(lib)
        state = a.state_dict()
        state["bias"].fill_(4.0)
        assert a.bias.tolist() == [4.0] * 3
        kept = b.weight
        assert str(b.load_state_dict(state)) == "<All keys matched successfully>"
        assert b.weight is kept
        assert b.weight.tolist() == a.weight.tolist()
        assert b.weight.data_ptr() != a.weight.data_ptr()
        assert b.weight.requires_grad

    def test_loading_what_is_not_strict(self, lib):
        a = fresh(lib)
        found = a.load_state_dict({"bias": lib.ones(3), "x": lib.ones(1)}, strict=False)
        assert found.missing_keys == ["weight"]
        assert found.unexpected_keys == ["x"]
        assert str(found) == "_IncompatibleKeys(missing_keys=['weight'], unexpected_keys=['x'])"
        assert a.bias.tolist() == [1.0] * 3

    def test_loading_by_assigning(self, lib):
        a = fresh(lib)
        a.bias.requires_grad_(False)
        weight, bias = lib.ones(3, 2, dtype=lib.float64), lib.nn.Parameter(lib.ones(3))
        a.load_state_dict({"weight": weight, "bias": bias}, assign=True)
        assert a.weight.dtype == lib.float64
        assert a.weight.data_ptr() == weight.data_ptr()
        assert isinstance(a.weight, lib.nn.Parameter)
        assert a.weight.requires_grad
        assert a.bias is bias
        assert not a.bias.requires_grad

    def test_loading_converts(self, lib):
        a = fresh(lib)
        a.load_state_dict({"weight": lib.ones(3, 2, dtype=lib.float64), "bias": lib.ones(3, dtype=lib.int64)})
        assert a.weight.dtype == lib.float32
        assert a.bias.tolist() == [1.0] * 3
        norm = lib.nn.BatchNorm1d(2)
        norm.load_state_dict({**norm.state_dict(), "num_batches_tracked": lib.tensor([5])})
        assert norm.num_batches_tracked.tolist() == 5

    def test_attributes_move_between_tables(self, lib):
        m = lib.nn.Module()
        m.x = 3
        m.x = lib.nn.Parameter(lib.ones(1))
        assert "x" not in m.__dict__
        assert [n for n, _ in m.named_parameters()] == ["x"]
        m.x = None
        assert m.x is None
        assert list(m.parameters()) == []
        del m.x
        assert not hasattr(m, "x")
        m.x = fresh(lib)
        m.x = lib.nn.Parameter(lib.ones(2))
        assert list(m.children()) == []
        m.register_buffer("b", lib.ones(2))
        m.b = lib.zeros(3)
        assert [tuple(t.shape) for t in m.buffers()] == [(3,)]
        m.plain = lib.ones(2)
        assert len(list(m.buffers())) == 1
        m.c = lib.nn.Buffer(lib.ones(1), persistent=False)
        assert list(m.state_dict()) == ["x", "b"]
        assert [n for n, _ in m.named_buffers()] == ["b", "c"]

    def test_modes(self, lib):
        m = parts(lib)
        assert m.eval() is m
        assert not any(part.training for part in m.modules())
        m.train()
        assert all(part.training for part in m.modules())
        m.b.eval()
        assert [part.training for part in m.modules()] == [True, True, False, False, False]

    def test_apply_goes_from_the_inside_out(self, lib):
        seen = []
        m = parts(lib)
        assert m.apply(lambda part: seen.append(type(part).__name__)) is m
        assert seen == ["Inner", "Inner", "Linear", "Sequential", "Outer"]

    def test_gradients_of_all(self, lib):
        m = parts(lib)
        m.requires_grad_(False)
        assert not any(p.requires_grad for p in m.parameters())
        m.requires_grad_()
        m(lib.ones(4, 2)).sum().backward()
        grad = m.own.grad
        m.zero_grad(set_to_none=False)
        assert m.own.grad is grad
        assert grad.tolist() == [0.0, 0.0]
        m.zero_grad()
        assert m.own.grad is None

    def test_conversion(self, lib):
        m = parts(lib)
        m.register_buffer("count", lib.tensor(3))
        m(lib.ones(4, 2)).sum().backward()
        own, grad = m.own, m.own.grad.tolist()
        assert m.to(lib.float64) is m
        assert m.own is own
        assert m.tied is m.b[1].weight
        assert {p.dtype for p in m.parameters()} == {lib.float64}
        assert m.a.kept.dtype == lib.float64
        assert m.count.dtype == lib.int64
        assert m.own.grad.dtype == lib.float64
        assert m.own.grad.tolist() == grad
        assert isinstance(m.own, lib.nn.Parameter)
        assert m.own.is_leaf
        m(lib.ones(4, 2, dtype=lib.float64)).sum().backward()
        assert m.own.grad.tolist() == [2 * g for g in grad]
        for name, dtype in (("half", lib.float16), ("bfloat16", lib.bfloat16), ("float", lib.float32)):
            assert getattr(m, name)() is m
            assert {p.dtype for p in m.parameters()} == {dtype}
        assert m.double().own.dtype == lib.float64
        assert m.to(lib.ones(1)).own.dtype == lib.float32
        assert m.to("cpu", lib.float64).own.dtype == lib.float64
        assert m.to(device="cpu", dtype=lib.float32).cpu().own.dtype == lib.float32

    def test_a_parameter(self, lib):
        data = lib.ones(3)
        p = lib.nn.Parameter(data)
        data[0] = 5.0
        assert p.tolist() == [5.0, 1.0, 1.0]
        assert isinstance(p, lib.Tensor)
        assert not isinstance(p * 2, lib.nn.Parameter)
        assert not isinstance(p.data, lib.nn.Parameter)
        assert not lib.nn.Parameter(lib.ones(2, dtype=lib.int64), requires_grad=False).requires_grad
        assert lib.nn.Parameter().shape == (0,)
        p.note = "mine"
        assert p.note == "mine"

    def test_deep_copies_of_modules(self, lib):
        m = parts(lib)
        m(lib.ones(4, 2)).sum().backward()
        other = copy.deepcopy(m)
        assert list(other.state_dict()) == list(m.state_dict())
        for (_, a), (_, b) in zip(m.named_parameters(), other.named_parameters(), strict=True):
            assert a is not b
            assert isinstance(b, lib.nn.Parameter)
            assert a.data_ptr() != b.data_ptr()
            assert a.tolist() == b.tolist()
            assert b.requires_grad
            assert b.grad is None
        assert other.tied is other.b[1].weight
        assert other.again is other.a
        other.own.data.zero_()
        assert m.own.tolist() == [3.0, 3.0]
        assert other(lib.ones(4, 2)).shape == (4, 2)

    def test_deep_copies_of_tensors(self, lib):
        base = lib.arange(6.0)
        pair = [base, base[2:4]]
        copied = copy.deepcopy(pair)
        copied[0][2] = 9.0
        assert copied[1].tolist() == [9.0, 3.0]
        assert base.tolist() == [0, 1, 2, 3, 4, 5]
        leaf = lib.ones(2, requires_grad=True)
        (leaf * 3).sum().backward()
        other = copy.deepcopy(leaf)
        assert other.requires_grad
        assert other.is_leaf
        assert other.grad.tolist() == [3.0, 3.0]
        assert other.grad is not leaf.grad
        turned = copy.deepcopy(lib.arange(6.0).reshape(2, 3).t())
        assert turned.stride() == (1, 3)
        assert copy.deepcopy(lib.zeros(0, 3)).shape == (0, 3)
        with pytest.raises(RuntimeError, match="Only Tensors created explicitly by the user"):
            copy.deepcopy(leaf * 2)

    def test_shallow_copies_and_pickle(self, lib):
        x = lib.arange(4.0)
        other = copy.copy(x)
        other[0] = 7.0
        assert x.tolist() == [7, 1, 2, 3]
        for t in (x, lib.ones(2, 3, dtype=lib.bfloat16), lib.tensor(3), lib.tensor([True]), lib.zeros(0, 2)):
            again = pickle.loads(pickle.dumps(t))
            assert again.dtype == t.dtype
            assert again.tolist() == t.tolist()
            assert again.shape == t.shape
        p = pickle.loads(pickle.dumps(lib.nn.Parameter(lib.ones(2))))
        assert isinstance(p, lib.nn.Parameter)
        assert p.requires_grad
        net = lib.nn.Sequential(lib.nn.Linear(2, 3), lib.nn.BatchNorm1d(3), lib.nn.LSTM(3, 2))
        again = pickle.loads(pickle.dumps(net))
        assert repr(again) == repr(net)
        assert [v.tolist() for v in again.state_dict().values()] == [v.tolist() for v in net.state_dict().values()]

    def test_containers(self, lib):
        nn = lib.nn
        a, b, c = nn.ReLU(), nn.Tanh(), nn.Sigmoid()
        s = nn.Sequential(a, b)
        s.append(c)
        assert len(s) == 3
        assert s[-1] is c
        assert list(s[1:]) == [b, c]
        assert [n for n, _ in s[1:].named_children()] == ["1", "2"]
        s[0] = c
        assert s[0] is c
        del s[0]
        assert [n for n, _ in s.named_children()] == ["0", "1"] if s[0] is not s[1] else ["0"]
        s.insert(1, a)
        assert list(s) == [b, a, c]
        assert list(s + nn.Sequential(a)) == [b, a, c, a]
        assert list(s * 2) == [b, a, c] * 2
        assert list(2 * s) == [b, a, c] * 2
        s *= 2
        s += nn.Sequential(a)
        assert len(s) == 7
        assert s.pop(6) is a
        assert s.extend([a]) is s
        del s[1:]
        assert list(s) == [b]
        m = nn.ModuleList([a, b])
        m.insert(1, c)
        m.extend([a])
        m += [b]
        assert list(m) == [a, c, b, a, b]
        assert list(m[::2]) == [a, b, b]
        assert isinstance(m[:1], nn.ModuleList)
        assert m.pop(0) is a
        m[-1] = c
        assert list(m + [a]) == [c, b, a, c, a]
        del m[:2]
        assert [n for n, _ in m.named_children()] == ["0", "1"]
        d = nn.ModuleDict({"a": a})
        d["b"] = b
        d.update([("c", c)])
        assert list(d) == list(d.keys()) == ["a", "b", "c"]
        assert list(d.values()) == [a, b, c]
        assert dict(d.items())["c"] is c
        assert "a" in d
        assert len(d) == 3
        assert d.pop("a") is a
        del d["b"]
        d.clear()
        assert len(d) == 0
        p = nn.ParameterList([lib.ones(1), nn.Parameter(lib.ones(2))])
        p.append(lib.ones(3))
        p += [lib.ones(4)]
        p[0] = lib.ones(5)
        assert [len(v) for v in p] == [5, 2, 3, 4]
        assert all(isinstance(v, nn.Parameter) for v in p[1:])
        assert [n for n, _ in p.named_parameters()] == ["0", "1", "2", "3"]
        q = nn.ParameterDict({"b": lib.ones(1), "a": lib.ones(2)})
        q["c"] = nn.Parameter(lib.ones(3))
        assert list(q) == ["a", "b", "c"]
        assert q.get("x") is None
        assert len(q.pop("a")) == 2
        del q["b"]
        assert list(q.keys()) == ["c"]
        assert nn.Sequential(OrderedDict(x=a, y=b)).x is a


def test_a_chain_of_layers_is_dropped_without_cycles():
    import gc
    import weakref

    net = tl.nn.Sequential(tl.nn.Linear(2, 2), tl.nn.ReLU())
    gone = weakref.ref(net[0].weight)
    net(tl.ones(1, 2)).sum().backward()
    gc.disable()
    try:
        del net
        assert gone() is None
    finally:
        gc.enable()


def test_a_buffer_copies_and_pickles():
    b = tl.nn.Buffer(tl.ones(2), persistent=False)
    other = copy.deepcopy(b)
    assert isinstance(other, tl.nn.Buffer)
    assert not other.persistent
    other[0] = 5.0
    np.testing.assert_array_equal(b.numpy(), [1, 1])
