"""Elementary functions: their error in ulp, their special values, their form, and that LLVM vectorises them."""

import ast
import inspect
import math
import re
import types

import numba
import numpy as np
import pytest

from tensorlab.core.scalar_math import TABLE, ULP
from tensorlab.core.scalar_math_trig32 import rest_f64

KEYS = sorted(TABLE)
SINGLES, DOUBLES = ([op for op, dtype in KEYS if dtype == wanted] for wanted in ("float32", "float64"))
WIDE = {"cos", "sin", "tan"}  # those of float32 that compute in float64
CONTRACT = frozenset({"contract"})
SEPARATE = frozenset()  # no fused multiply-add, as on a processor without it
CASTS = {"float32", "float64", "int32", "int64", "uint32", "uint64"}
INF = float("inf")
NAN = float("nan")
_COMPILED = {}


def name_of(key):
    return "-".join(key)


def compiled_scalar(function, fastmath):
    """``function`` compiled, with the functions of the package that it calls compiled under the same flags."""
    names = dict(function.__globals__)
    for name in function.__code__.co_names:
        if isinstance(names.get(name), types.FunctionType):
            names[name] = compiled_scalar(names[name], fastmath)
    copy = types.FunctionType(function.__code__, names, function.__name__)
    return numba.njit(nogil=True, error_model="numpy", fastmath=set(fastmath), forceinline=True)(copy)


def compiled_loop(key, fastmath=CONTRACT):
    """A loop ``out[i] = f(a[i])`` over two vectors, compiled once a test run."""
    if (key, fastmath) not in _COMPILED:
        scalar = compiled_scalar(TABLE[key], fastmath)

        def loop(a, out):
            for i in range(a.shape[0]):
                out[i] = scalar(a[i])

        vector = numba.from_dtype(np.dtype(key[1]))[::1]
        options = {"nogil": True, "error_model": "numpy", "fastmath": set(fastmath)}
        _COMPILED[key, fastmath] = numba.njit((vector, vector), **options)(loop)
    return _COMPILED[key, fastmath]


def values(key, a, fastmath=CONTRACT):
    a = np.ascontiguousarray(a, dtype=key[1])
    out = np.empty_like(a)
    compiled_loop(key, fastmath)(a, out)
    return out


def exact(op, a):
    """The function in the precision of ``a``, which is above that of what is tested."""
    if op in ("erf", "erfc"):
        return np.array([getattr(math, op)(x) for x in a.tolist()])  # in float64, to 1 ulp
    if op != "sigmoid":
        return getattr(np, op)(a)
    e = np.exp(-np.abs(a))
    return np.where(a < 0, e, 1) / (1 + e)


def check(key, a, wide):
    """Finite results within the bound; infinities, NaN and the sign of zero as the exact function has them."""
    op, dtype = key
    bound = ULP[key] + (1 if key in {("erf", "float64"), ("erfc", "float64")} else 0)  # the reference's own error
    with np.errstate(all="ignore"):
        true = exact(op, a.astype(wide))
        rounded = true.astype(dtype)
    finite = np.isfinite(rounded)
    zero = rounded == 0
    unit = np.spacing(np.abs(rounded[finite])).astype(wide)
    for fastmath in (CONTRACT, SEPARATE):
        got = values(key, a, fastmath)
        np.testing.assert_array_equal(got[~finite], rounded[~finite])
        assert np.array_equal(np.signbit(got[zero]), np.signbit(rounded[zero]))
        error = np.abs(got[finite].astype(wide) - true[finite]) / unit
        worst = int(np.argmax(error))
        assert error[worst] <= bound, f"{op}({a[finite][worst]!r}) is off by {error[worst]} ulp"


@pytest.mark.parametrize("op", SINGLES)
def test_float32_within_bound_over_all_bit_patterns(op):
    patterns = np.arange(0, 2**32, 9973 if op.startswith("erf") else 997, dtype=np.uint64).astype(np.uint32)
    check((op, "float32"), patterns.view(np.float32), np.float64)


@pytest.mark.parametrize("op", DOUBLES)
def test_float64_within_bound(op):
    if np.finfo(np.longdouble).nmant < 63:
        pytest.skip("long double is no wider than float64 on this platform")
    rng = np.random.default_rng(7)
    patterns = rng.integers(0, 2**64, 100_000, dtype=np.uint64).view(np.float64)
    spread = [rng.uniform(-bound, bound, 60_000) for bound in (750.0, 25.0, 2.0)]
    near_one = 1.0 + rng.uniform(-1, 1, 60_000) * 2.0 ** rng.integers(-50, 0, 60_000)
    tiny = rng.uniform(-1, 1, 60_000) * 2.0 ** rng.integers(-1070, 0, 60_000)
    check((op, "float64"), np.concatenate([patterns, *spread, near_one, tiny]), np.longdouble)


PI_BITS = 256
PI_IN_UNITS = 363771576891766324280234942777729862653393377328392429958772151117938894466185  # of 2**-256


@pytest.mark.parametrize("op", ["cos", "sin", "tan"])
def test_float32_of_any_size_keeps_its_digits(op):
    """Arguments in every power of 2, against what is left of them in integers."""
    powers = np.float32(2) ** np.arange(128, dtype=np.float32)[:, None]
    a = (np.random.default_rng(11).uniform(1, 2, (128, 24)).astype(np.float32) * powers).ravel()
    rests = [(int(x * 2**23) << (PI_BITS - 23)) % (2 * PI_IN_UNITS) for x in a.tolist()]
    exact_values = np.array([getattr(math, op)(rest / 2**PI_BITS) for rest in rests])
    got = values((op, "float32"), a).astype(np.float64)
    unit = np.spacing(np.abs(exact_values.astype(np.float32))).astype(np.float64)
    assert (np.abs(got - exact_values) <= ULP[op, "float32"] * unit).all()


def specials(op, dtype):
    """Arguments and the exact results that they have, as pairs."""
    info = np.finfo(dtype)
    largest, normal, least = (float(v) for v in (info.max, info.tiny, info.smallest_subnormal))
    single = dtype == "float32"
    table = {
        "exp": [(NAN, NAN), (INF, INF), (-INF, 0.0), (0.0, 1.0), (-0.0, 1.0), (largest, INF), (-largest, 0.0)]
        + [(least, 1.0), (-least, 1.0)]
        + ([(88.8, INF), (-104.0, 0.0), (-103.2, least)] if single else [(709.8, INF), (-745.2, 0.0), (-745.0, least)]),
        "log": [(NAN, NAN), (INF, INF), (-INF, NAN), (0.0, -INF), (-0.0, -INF), (1.0, 0.0), (-1.0, NAN)]
        + [(-least, NAN), (-normal, NAN), (-largest, NAN)],
        "tanh": [(NAN, NAN), (INF, 1.0), (-INF, -1.0), (0.0, 0.0), (-0.0, -0.0), (largest, 1.0), (-largest, -1.0)]
        + [(least, least), (-least, -least), (normal, normal), (-normal, -normal)]
        + ([(9.1, 1.0), (-9.1, -1.0)] if single else [(19.1, 1.0), (-19.1, -1.0)]),
        "sigmoid": [(NAN, NAN), (INF, 1.0), (-INF, 0.0), (0.0, 0.5), (-0.0, 0.5), (largest, 1.0), (-largest, 0.0)]
        + [(least, 0.5), (-least, 0.5)]
        + ([(18.0, 1.0), (-104.0, 0.0), (-103.2, least)] if single else [(38.0, 1.0), (-745.2, 0.0), (-745.0, least)]),
    }
    tiny = [(v, v) for v in (0.0, -0.0, least, -least, normal, -normal)]
    poles = [(NAN, NAN), (INF, INF), (-INF, NAN), (0.0, -INF), (-0.0, -INF), (1.0, 0.0), (-1.0, NAN), (-least, NAN)]
    table |= {
        "exp2": [(NAN, NAN), (INF, INF), (-INF, 0.0), (0.0, 1.0), (-0.0, 1.0), (10.0, 1024.0), (-1.0, 0.5)]
        + [(largest, INF), (-largest, 0.0), (info.minexp - info.nmant, least), (info.minexp, normal)]
        + [(info.maxexp, INF), (info.maxexp - 1.0, 2.0 ** (info.maxexp - 1))],
        "expm1": [(NAN, NAN), (INF, INF), (-INF, -1.0), (largest, INF), (-largest, -1.0), (-50.0, -1.0), *tiny]
        + [(88.8, INF) if single else (709.8, INF)],
        "log2": [
            *poles,
            (1024.0, 10.0),
            (least, info.minexp - info.nmant),
            (2.0 ** (info.maxexp - 1), info.maxexp - 1.0),
        ],
        "log10": poles,
        "log1p": [(NAN, NAN), (INF, INF), (-INF, NAN), (-1.0, -INF), (-1.5, NAN), (-largest, NAN), *tiny],
        "erf": [(NAN, NAN), (INF, 1.0), (-INF, -1.0), (largest, 1.0), (-largest, -1.0), (0.0, 0.0), (-0.0, -0.0)],
        "erfc": [(NAN, NAN), (INF, 0.0), (-INF, 2.0), (largest, 0.0), (-largest, 2.0), (0.0, 1.0), (-0.0, 1.0)],
        "sin": [(NAN, NAN), (INF, NAN), (-INF, NAN), *tiny],
        "cos": [(NAN, NAN), (INF, NAN), (-INF, NAN), *((v, 1.0) for v, _ in tiny)],
        "tan": [(NAN, NAN), (INF, NAN), (-INF, NAN), *tiny],
    }
    return table[op]


@pytest.mark.parametrize("key", KEYS, ids=name_of)
def test_special_values(key):
    pairs = specials(*key)
    got = values(key, [a for a, _ in pairs])
    want = np.array([b for _, b in pairs], dtype=key[1])
    np.testing.assert_array_equal(got, want)
    defined = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(got[defined]), np.signbit(want[defined]))


@pytest.mark.parametrize("key", KEYS, ids=name_of)
def test_nan_payloads_stay_nan(key):
    bits = [0x7F800001, 0x7FFFFFFF, 0xFFC00000, 0xFFFFFFFF] if key[1] == "float32" else []
    wide = [0x7FF0000000000001, 0x7FFFFFFFFFFFFFFF, 0xFFF8000000000000, 0xFFFFFFFFFFFFFFFF] if not bits else []
    nans = np.array(bits, np.uint32).view(np.float32) if bits else np.array(wide, np.uint64).view(np.float64)
    assert np.isnan(values(key, nans)).all()


@pytest.mark.parametrize("key", KEYS, ids=name_of)
def test_same_value_as_plain_python(key):
    a = np.array([-80.5, -3.25, -0.0, 1e-30, 0.75, 1.0, 2.5, 80.5], dtype=key[1])
    with np.errstate(all="ignore"):
        plain = [TABLE[key](x) for x in a]
    assert {type(y) for y in plain} == {np.dtype(key[1]).type}
    np.testing.assert_array_equal(values(key, a, SEPARATE), np.array(plain))


@pytest.mark.parametrize("key", KEYS, ids=name_of)
def test_llvm_vectorises(key):
    loop = compiled_loop(key)
    llvm = loop.inspect_llvm(loop.signatures[0])
    element = {"float32": "float", "float64": "double"}[key[1]]
    work = "double" if key[0] in WIDE else element
    assert re.search(rf"= fmul contract <\d+ x {work}>", llvm)
    bits = {"float32": "i32", "float64": "i64"}[key[1]]  # what is put together of a sign and a size is stored so
    assert re.search(rf"store <\d+ x ({element}|{bits})>", llvm)
    vectors = re.findall(r"<\d+ x (\w+)>", llvm)
    other = {"float": "double", "double": "float"}[element]
    assert (other in vectors) is (key[0] in WIDE), "a constant of the other precision widens or narrows the loop"
    assert not re.search(r"call .*@(llvm\.)?(exp|log|tan|sin|cos|erf)", llvm), "a library call is left in the loop"


FUNCTIONS = [*TABLE.values(), rest_f64]


def body_of(function):
    return ast.parse(inspect.getsource(function)).body[0].body


@pytest.mark.parametrize("function", FUNCTIONS)
def test_straight_line(function):
    docstring, *assignments, last = body_of(function)
    assert isinstance(docstring.value.value, str)
    assert isinstance(last, ast.Return)
    assert all(isinstance(line, ast.Assign) and len(line.targets) == 1 for line in assignments)
    assert all(isinstance(line.targets[0], ast.Name) for line in assignments)
    targets = [line.targets[0].id for line in assignments]
    assert len(targets) == len(set(targets)), "a name is assigned twice"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_only_forms_that_can_be_inlined(function):
    allowed = (ast.BinOp, ast.UnaryOp, ast.IfExp, ast.Compare, ast.Call, ast.Attribute, ast.Name, ast.Constant)
    for node in (n for line in body_of(function)[1:] for n in ast.walk(line) if isinstance(n, ast.expr)):
        assert isinstance(node, allowed), ast.unparse(node)
        if isinstance(node, ast.IfExp):
            assert isinstance(node.body, ast.Name) and isinstance(node.orelse, ast.Name), ast.unparse(node)
        if isinstance(node, ast.Constant):
            assert type(node.value) is int, "only shift counts and masks are plain numbers"
        if isinstance(node, ast.Call):
            assert_call_can_be_inlined(node, function)


def assert_call_can_be_inlined(call, function):
    target = ast.unparse(call.func)
    if isinstance(call.func, ast.Name):
        assert target == "abs" or function.__globals__[target] in FUNCTIONS, target
    elif call.func.attr == "view":
        # Numba takes `view` only on a call of a NumPy scalar type.
        assert re.fullmatch(r"np\.(\w+)\(.*\)\.view", target)[1] in CASTS
        assert ast.unparse(call.args[0]).removeprefix("np.") in CASTS
    else:
        assert target in {f"np.{name}" for name in CASTS} | {"math.copysign"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_constants_survive_their_repr(function):
    dtype = np.dtype("float64" if function.__module__.endswith(("64", "trig32")) else "float32")
    constants = {n: function.__globals__[n] for n in function.__code__.co_names if n.isupper()}
    for name, value in constants.items():
        assert value.dtype in (dtype, np.dtype(f"int{8 * dtype.itemsize}")), name
        again = eval(repr(value), {"np": np})
        assert (again.dtype, again.tobytes()) == (value.dtype, value.tobytes()), name


def test_tables_have_the_same_keys():
    assert set(TABLE) == set(ULP)
    assert {f"{op}_f{dtype[-2:]}" for op, dtype in TABLE} == {f.__name__ for f in TABLE.values()}
    assert set(SINGLES) - set(DOUBLES) == WIDE
