"""What a module is made of, what may be assigned to it, its state: as torch's, refusals and their words included."""

import copy
from collections import OrderedDict

import numpy as np
import pytest
from torch_twin import said, torch
from whole_module import fresh, parts

import tensorlab as tl

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
