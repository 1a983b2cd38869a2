"""Random numbers: distributions by their moments and distribution functions, streams by their generators."""

import math
import threading

import numpy as np
import pytest

import tensorlab as tl

N = 40_000


def distance(sample, distribution):
    """Kolmogorov and Smirnov's distance between a sample and a distribution function."""
    ordered = np.sort(np.asarray(sample, np.float64).reshape(-1))
    reached = np.array([distribution(v) for v in ordered])
    steps = np.arange(len(ordered) + 1) / len(ordered)
    return max(np.abs(reached - steps[:-1]).max(), np.abs(reached - steps[1:]).max())


LIMIT = 1.95 / math.sqrt(N)  # what one sample in a thousand exceeds; the seeds are fixed


def normal_reached(v):
    return 0.5 * (1 + math.erf(v / math.sqrt(2)))


@pytest.fixture(autouse=True)
def seeded():
    tl.manual_seed(11)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("draw", "distribution"),
    [
        (lambda d: tl.rand(N, dtype=d), lambda v: min(max(v, 0), 1)),
        (lambda d: tl.randn(N, dtype=d), normal_reached),
        (lambda d: tl.empty(N, dtype=d).uniform_(-2, 3), lambda v: (v + 2) / 5),
        (lambda d: tl.empty(N, dtype=d).normal_(1, 2), lambda v: normal_reached((v - 1) / 2)),
        (lambda d: tl.empty(N, dtype=d).exponential_(2), lambda v: 1 - math.exp(-2 * v)),
        (lambda d: tl.normal(tl.ones(N, dtype=d), 0.5), lambda v: normal_reached((v - 1) / 0.5)),
        (lambda d: tl.normal(3.0, 0.5, (N,), dtype=d), lambda v: normal_reached((v - 3) / 0.5)),
        (lambda d: tl.rand_like(tl.ones(N, dtype=d)), lambda v: v),
        (lambda d: tl.randn_like(tl.ones(N // 4, 4, dtype=d).t()), normal_reached),
    ],
    ids=["rand", "randn", "uniform_", "normal_", "exponential_", "normal tensor", "normal", "rand_like", "randn_like"],
)
def test_a_continuous_distribution_is_the_one_it_says(draw, distribution, dtype):
    sample = draw(getattr(tl, dtype))
    assert sample.dtype is getattr(tl, dtype)
    assert distance(sample.numpy(), distribution) < LIMIT


def test_normal_numbers_of_float32_have_the_moments_and_no_ties_between_their_halves():
    sample = tl.randn(200_001).numpy().astype(np.float64)
    moments = [(sample**k).mean() for k in (1, 2, 3, 4)]
    np.testing.assert_allclose(moments, [0, 1, 0, 3], atol=0.06)
    assert np.isfinite(sample).all()
    assert 4 < np.abs(sample).max() < 6
    half = len(sample) // 2
    for shift in (1, half):
        assert abs(np.corrcoef(sample[:-shift], sample[shift:])[0, 1]) < 0.012


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_drawn_too(dtype):
    wanted = getattr(tl, dtype)
    uniform, normal = tl.rand(5000, dtype=wanted).float(), tl.randn(5000, dtype=wanted).float()
    assert 0 <= uniform.min().item() < 0.01
    assert 0.95 < uniform.max().item() < 1
    assert abs(normal.mean().item()) < 0.05
    assert abs((normal * normal).mean().item() - 1) < 0.1


def test_whole_numbers_come_equally_often():
    counts = np.bincount(tl.randint(-2, 4, (60_000,)).numpy() + 2)
    assert len(counts) == 6
    np.testing.assert_allclose(counts, 10_000, rtol=0.05)
    assert sorted(tl.randperm(100).tolist()) == list(range(100))
    assert tl.randperm(100).tolist() != list(range(100))
    drawn = tl.empty(4000, dtype=tl.uint8).random_()
    assert (drawn.numpy().min(), drawn.numpy().max()) == (0, 255)
    assert set(tl.zeros(100).random_(3).tolist()) == {0.0, 1.0, 2.0}
    assert set(tl.randint_like(tl.zeros(100), 2, 4).tolist()) == {2.0, 3.0}


def test_bernoulli_poisson_and_multinomial_follow_their_weights():
    p = tl.tensor([0.0, 0.25, 1.0]).expand(20_000, 3)
    np.testing.assert_allclose(tl.bernoulli(p).numpy().mean(0), [0, 0.25, 1], atol=0.01)
    np.testing.assert_allclose(tl.bernoulli(p, 0.4).numpy().mean(), 0.4, atol=0.01)
    assert abs(tl.zeros(20_000).bernoulli_(0.3).mean().item() - 0.3) < 0.01
    assert tl.zeros(3).bernoulli_(tl.tensor([0.0, 1.0, 1.0])).tolist() == [0, 1, 1]
    counts = tl.poisson(tl.full((20_000,), 4.0)).numpy()
    np.testing.assert_allclose([counts.mean(), counts.var()], [4, 4], rtol=0.05)
    weights = tl.tensor([[1.0, 0.0, 3.0], [0.0, 2.0, 2.0]])
    drawn = tl.multinomial(weights, 20_000, replacement=True).numpy()
    np.testing.assert_allclose((drawn[0] == 2).mean(), 0.75, atol=0.02)
    assert set(drawn[1].tolist()) == {1, 2}
    assert sorted(tl.multinomial(tl.tensor([1.0, 2.0, 3.0]), 3).tolist()) == [0, 1, 2]
    firsts = [tl.multinomial(tl.tensor([1.0, 3.0]), 1).item() for _ in range(2000)]
    assert abs(np.mean(firsts) - 0.75) < 0.04


def test_a_generator_has_a_stream_of_its_own():
    one, other = tl.Generator(), tl.Generator()
    assert one.manual_seed(5) is one
    other.manual_seed(5)
    draws = [
        lambda g: tl.rand(3, generator=g),
        lambda g: tl.randn(5, generator=g),
        lambda g: tl.randint(9, (4,), generator=g),
        lambda g: tl.randperm(6, generator=g),
        lambda g: tl.zeros(3).uniform_(generator=g),
        lambda g: tl.zeros(3).normal_(generator=g),
        lambda g: tl.zeros(3).exponential_(generator=g),
        lambda g: tl.zeros(9).bernoulli_(0.5, generator=g),
        lambda g: tl.zeros(3).random_(7, generator=g),
        lambda g: tl.multinomial(tl.ones(9), 4, generator=g),
        lambda g: tl.poisson(tl.ones(4), g),
        lambda g: tl.normal(0.0, 1.0, (2,), generator=g),
    ]
    before = tl.get_rng_state().tolist()
    for draw in draws:
        assert draw(one).tolist() == draw(other).tolist()
    assert tl.get_rng_state().tolist() == before
    assert (one.initial_seed(), one.device.type) == (5, "cpu")


def test_a_state_that_is_kept_comes_again():
    g = tl.Generator().manual_seed(3)
    tl.randint(9, (3,), dtype=tl.int32, generator=g)
    state = g.get_state()
    first = tl.randn(7, generator=g).tolist()
    g.set_state(state)
    assert tl.randn(7, generator=g).tolist() == first
    assert tl.rand(2, generator=g.clone_state()).tolist() == tl.rand(2, generator=g).tolist()
    kept = tl.get_rng_state()
    a = tl.rand(4).tolist()
    tl.set_rng_state(kept)
    assert tl.rand(4).tolist() == a
    assert tl.manual_seed(8).initial_seed() == tl.initial_seed() == 8
    assert tl.seed() == tl.initial_seed()


def test_threads_that_share_a_generator_draw_different_pieces_of_one_stream():
    g = tl.Generator().manual_seed(1)
    parts = []

    def draw():
        parts.extend(tl.rand(1000, dtype=tl.float64, generator=g).tolist() for _ in range(20))

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    g.manual_seed(1)
    assert sorted(v for part in parts for v in part) == sorted(tl.rand(80_000, dtype=tl.float64, generator=g).tolist())


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: tl.rand(2, dtype=tl.int64), "rand: takes a floating point dtype, got int64"),
        (lambda: tl.randint(3, 3, (2,)), "randint: expects 'from' to be less than 'to', but got from=3 >= to=3"),
        (lambda: tl.randint(300, (2,), dtype=tl.uint8), "randint: to - 1 is out of bounds for uint8: got 299"),
        (lambda: tl.randperm(-1), "randperm: n must be non-negative, got -1"),
        (lambda: tl.normal(0.0, -1.0, (2,)), "normal: expects std >= 0.0, but found std -1.0"),
        (lambda: tl.bernoulli(tl.tensor([1.5])), "bernoulli: expected all probabilities to be in [0, 1]"),
        (lambda: tl.ones(2).bernoulli_(2), "bernoulli_: expects p to be in [0, 1], but got p=2.0"),
        (lambda: tl.ones(2).exponential_(0), "exponential_: expects lambda > 0.0, but found lambda=0.0"),
        (
            lambda: tl.ones(2).uniform_(2, 1),
            "uniform_: expects to return a [from, to) range, but found from=2.0 > to=1.0",
        ),
        (lambda: tl.rand(2, generator=3), "rand: argument 'generator' takes a Generator, got int"),
        (
            lambda: tl.multinomial(tl.ones(2), 3),
            "multinomial: cannot sample n_sample > prob_dist.size(-1) samples without replacement",
        ),
        (
            lambda: tl.multinomial(tl.zeros(2), 1),
            "multinomial: invalid multinomial distribution (sum of probabilities <= 0)",
        ),
        (lambda: tl.manual_seed(2**64), "manual_seed: got 18446744073709551616; takes seeds from -2**63 to 2**64 - 1"),
        (
            lambda: tl.set_rng_state(tl.zeros(3)),
            "set_state: takes a uint8 tensor of 48 elements, as get_state gives it; got float32 of shape (3,)",
        ),
    ],
)
def test_what_is_refused(call, text):
    with pytest.raises(tl.TensorlabError) as caught:
        call()
    assert str(caught.value) == text


def test_numbers_written_over_a_window_raise_its_version_and_leave_the_rest():
    base = tl.zeros(4, 6)
    base[:, ::2].uniform_(1, 2)
    assert base._version == 1
    assert base[:, 1::2].tolist() == [[0.0] * 3] * 4
    assert (base[:, ::2] >= 1).all()
