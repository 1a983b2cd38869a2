"""Programs over tensors: pointwise, reductions, views, writes, products, layers, shapes, dtypes, empty tensors."""

from tests.jit.table_rows import rows

POINTWISE = rows(
    "pointwise",
    """
add: x + y
sub with alpha: x.sub(y, alpha=2)
mul by a number: x * 3
number on the left: 2 - x
true division: x / y
number over a tensor: 1 / x
power: x ** 2
power of floats: x.abs() ** s
negated: -x
exp of log: x.abs().log().exp()
trigonometry: x.sin() + x.cos() * x.tan()
hyperbolic: tl.tanh(x) - tl.sinh(y)
sigmoid: tl.sigmoid(x)
roots: x.abs().sqrt() + x.abs().rsqrt()
rounding: x.floor() + x.ceil() * x.round() - x.trunc()
comparison: x > y
comparisons joined: (x > 0) & (y < 1) | b
not: ~b
where: tl.where(x > 0, x, y)
clamp: x.clamp(-1, 2)
clamp of one side: x.clamp(min=0.0)
maximum: tl.maximum(x, y) - tl.minimum(x, y)
lerp: x.lerp(y, 0.25)
sign and abs: x.sign() * x.abs()
chain: ((x + y) * 2 - x).relu()
reciprocal: x.reciprocal()
addcmul: tl.addcmul(x, x, y, value=0.5)
erf: x.erf()
masked fill: x.masked_fill(b, 0.0)
atan2: tl.atan2(x, y)
""",
)

REDUCTIONS = rows(
    "reductions",
    """
sum: x.sum()
sum over a dim: x.sum(0)
sum kept: x.sum(1, keepdim=True)
sum over dims: x.sum([0, 1])
mean: x.mean(1)
product: x.prod()
max: x.max()
max with places: x.max(1)
min with places kept: x.min(0, keepdim=True)
amax: x.amax(1)
argmax: x.argmax()
argmin over a dim: x.argmin(1)
any and all: b.any(), b.all()
any over a dim: b.any(0)
std and var: x.std(), x.var(1)
norm: x.norm()
cumsum: x.cumsum(1)
logsumexp: x.logsumexp(0)
softmax: x.softmax(1)
log softmax: tl.log_softmax(x, 0)
sum of bools: b.sum()
sum of ints: i.sum(0)
sort: x.sort(1)
topk: x.topk(2, 1)
count nonzero: (x > 0).sum()
""",
)

VIEWS = rows(
    "views",
    """
transpose: x.t()
transpose of dims: x.transpose(0, 1)
permute: p.permute(0, 2, 3, 1)
view: x.view(3, 2)
view with a hole: x.view(-1)
reshape: x.t().reshape(6)
flatten: p.flatten(1)
unsqueeze: x.unsqueeze(1)
squeeze: x.unsqueeze(0).squeeze(0)
squeeze all: z.view(1, 1).squeeze()
expand: v.expand(2, 3)
expand as: v.expand_as(x)
select: x.select(1, 2)
narrow: x.narrow(1, 0, 2)
chunk: x.chunk(3, 1)[1]
split: x.split(2, 1)[0]
unbind: x.unbind(0)[1]
contiguous: x.t().contiguous()
detach: x.detach() + 1
index: x[0]
index from the end: x[-1]
two indices: x[1, 2]
slice: x[:, 1:]
slice with a step: x[:, ::2]
slice by a number: x[:n - 1]
slice and index: x[:, 1]
ellipsis: p[..., 0]
new axis: x[:, None]
index by a tensor: x[tl.tensor([1, 0, 1])]
index by a mask: x[x > 0]
index by two tensors: x[tl.tensor([0, 1]), tl.tensor([2, 0])]
gather: x.gather(1, tl.tensor([[0, 2], [1, 1]]))
index select: x.index_select(1, tl.tensor([2, 0]))
flip: x.flip(1)
roll: x.roll(1, 1)
repeat: v.repeat(2, 1)
cat: tl.cat([x, y])
cat of a dim: tl.cat([x, y], 1)
stack: tl.stack([x, y], 1)
list of tensors: tl.cat(xs)
tril: m.tril() + m.triu(1)
diagonal: m.diagonal()
""",
)

WRITES = rows(
    "writes",
    """
add_: x.add_(y); x
augmented: x += y; x * 2
augmented by a number: x -= 1; x
row: x[0] = y[1]; x
row by a number: x[0] = 5; x
element: x[1, 2] = 7.5; x
column: x[:, 1] = v[:2]; x
slice: x[:, 1:] = y[:, :2]; x
through a view: u = x.t(); u.mul_(2); x
through a view of a view: u = x.view(6)[1:4]; u.zero_(); x
view seen after a write: u = x[0]; x.add_(1); u
copy_: x[1].copy_(v); x
fill_: x[0].fill_(3); x
augmented row: x[1] += v; x
augmented slice: x[:, ::2] *= 2; x
clone is apart: u = x.clone(); u.add_(1); x
masked fill_: x.masked_fill_(b, -1.0); x
mask as index: x[b] = 0.0; x
clamp_: x.clamp_(-1, 1); x
own rows: x[0].add_(x[1]); x
""",
)

PRODUCTS = rows(
    "products",
    """
matmul: x @ m
of transposes: x @ y.t()
vector: x @ v
dot: v @ v
mm: tl.mm(x, m)
batched: tl.bmm(p[0], p[0])
broadcast batch: p @ p[0, 0]
addmm: tl.addmm(v, x, m)
linear: tl.nn.functional.linear(x, m, v)
outer: tl.outer(v, v)
chain of products: (x @ m).relu() @ m.t()
""",
)

LAYERS = rows(
    "layers",
    """
relu: tl.nn.functional.relu(x)
gelu: tl.nn.functional.gelu(x)
silu: tl.nn.functional.silu(x)
leaky relu: tl.nn.functional.leaky_relu(x, 0.1)
elu: tl.nn.functional.elu(x)
softplus: tl.nn.functional.softplus(x)
hardtanh: tl.nn.functional.hardtanh(x)
softmax: tl.nn.functional.softmax(x, 1)
log softmax: tl.nn.functional.log_softmax(x, 1)
layer norm: tl.nn.functional.layer_norm(x, [3], v)
mse loss: tl.nn.functional.mse_loss(x, y)
l1 loss: tl.nn.functional.l1_loss(x, y, reduction="sum")
cross entropy: tl.nn.functional.cross_entropy(x, tl.tensor([2, 0]))
nll loss: tl.nn.functional.nll_loss(x, tl.tensor([1, 1]))
conv2d: tl.nn.functional.conv2d(p, q, padding=1)
conv2d with a stride: tl.nn.functional.conv2d(p, q, stride=2)
max pool: tl.nn.functional.max_pool2d(p, 2)
average pool: tl.nn.functional.avg_pool2d(p, 2)
embedding: tl.nn.functional.embedding(tl.tensor([1, 0]), m)
dropout of nothing: tl.nn.functional.dropout(x, 0.5, False)
pad: tl.nn.functional.pad(x, [1, 1])
normalize: tl.nn.functional.normalize(x)
""",
)

SHAPES = rows(
    "shapes",
    """
size as an int: x * x.size(0)
shape as an int: x.view(x.shape[1], x.shape[0])
shape arithmetic: x.reshape(x.size(0) * x.size(1))
halves: x[:, :x.size(1) // 2]
dim: x.sum() + x.dim()
numel: x.sum() / x.numel()
zeros of a size: tl.zeros(x.size(1), x.size(0)) + 1
zeros like: tl.zeros_like(x) + x
ones of a shape: tl.ones(x.shape) + x
full: tl.full((2, 3), 1.5) + x
arange: tl.arange(x.size(1)) + x
len: x[len(x) - 1]
expand to a size: v.expand(x.size(0), 3)
""",
)

DTYPES = rows(
    "dtypes",
    """
float of ints: i.float()
long of floats: x.long()
int of floats: x.int()
to a dtype: x.to(tl.float64)
to a dtype of ints: x.to(dtype=tl.int64)
bool of floats: (x - 1).bool()
double: x.double() + y
int and float: i + x
int and a float: i + 0.5
bool and int: b + i
bool and a number: b * 3
int division is true: i / 2
float with a double of no dims: x + tl.tensor(2.0, dtype=tl.float64)
int with a float of no dims: i + z
type as: i.type_as(x)
mean of floats of ints: i.float().mean()
half: x.half().float()
comparison of kinds: i > x
uint8: i.abs().to(tl.uint8) + 250
""",
)

CONSTANTS = rows(
    "constants",
    """
tensor of floats: x + tl.tensor([1.0, 2.0, 3.0])
tensor of ints: x * tl.tensor([1, 2, 3])
tensor of no dims: x + tl.tensor(2.5)
tensor of bools: x[:, tl.tensor([True, False, True])]
nested: x @ tl.tensor([[1.0], [0.0], [2.0]])
ones: tl.ones(2, 3) * x
zeros of ints: tl.zeros(2, 3, dtype=tl.int64) + i
eye: tl.eye(3) @ v
linspace: tl.linspace(0.0, 1.0, 3) + x
arange with a step: tl.arange(0, 6, 2) + x
""",
)

BROADCASTING = rows(
    "broadcasting",
    """
row: x + v
column: x * y[:, :1]
no dims: x - z
both: v[:, None] + v
batch: p + v[:1]
comparison: x > v
where: tl.where(b, v, z)
reduced again: x - x.mean(1, keepdim=True)
standardised: (x - x.mean(0)) / (x.std(0) + 1)
in place: x += v; x
""",
)

EDGES = rows(
    "edges",
    """
empty pointwise: e + 1
empty sum: e.sum()
empty sum over a dim: e.sum(1)
empty mean: e.mean()
empty cat: tl.cat([e, e], 1)
empty slice: x[:, 3:] * 2
empty matmul: e @ tl.zeros(0, 4)
empty all: (e > 0).all()
no dims plus a number: z + 1
no dims product: z * z
no dims reduced: z.sum()
no dims of an index: x[0, 0] * 2
no dims as a number: x * z.item()
no dims compared: z > 1
int of no dims: x + int(z)
floor division: i // j
floor division by a number: i // 2
floor division of floats: x // 2
remainder: i % j
remainder by a number: i % 3
remainder of floats: x % 2
fmod: tl.fmod(i, j)
remainder by a negative: i % -3
division rounded down: tl.div(i, j, rounding_mode="floor")
division cut off: tl.div(i, j, rounding_mode="trunc")
division of numbers: x + k // n
remainder of numbers: x + k % n
true division of numbers: x + k / n
division by zero: x / 0
zero by zero: (x - x) / 0
nan to num: (x / 0).nan_to_num(0.0, 1.0, -1.0)
infinite: (x / 0).isinf()
""",
)

CONTROL = rows(
    "control",
    """
if of a tensor: u = x * 2 if bool(x.sum() > 0) else x; u
if of a number: x + 1 if n > 1 else x - 1
if of a bool: x if g else y
sum of list: xs[0] + xs[-1]
length of list: xs[0] * len(xs)
tuple: (x, y)[n - 1]
two results: x + y, x - y
swap: x, y = y, x; x - y
comprehension: tl.stack([x * t for t in [1, 2, 3]])
item as a number: x * int(i.sum())
float as a number: x * float(z)
""",
)

TENSORS = (
    *(*POINTWISE, *REDUCTIONS, *VIEWS, *WRITES, *PRODUCTS, *LAYERS, *SHAPES, *DTYPES, *CONSTANTS),
    *(*BROADCASTING, *EDGES, *CONTROL),
)
