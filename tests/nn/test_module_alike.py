"""How a module behaves: each test holds for tensorlab and for torch."""

import copy
import pickle
from collections import OrderedDict

import pytest
from torch_twin import torch
from whole_module import fresh, parts

import tensorlab as tl


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
