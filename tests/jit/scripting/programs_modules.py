"""Programs with modules: ``M`` is the module, ``tl`` tensorlab or PyTorch; arguments are as in `program`."""

from tests.jit.scripting.program import T, program

MATRIX = (T([[1.0, -2.0, 3.0, 0.5], [0.5, 0.25, -4.0, 1.0]]),)
IMAGE = (T([[[[float((7 * i + 3 * j + k) % 5) - 2 for j in range(4)] for i in range(4)] for k in range(3)]] * 2),)
STEPS = (T([[[0.5 * ((i + 2 * j + 3 * k) % 5) - 1 for k in range(4)] for j in range(2)] for i in range(3)]),)


def module(name, body, *calls):
    """A program of a class ``M``, whose methods are given with their indent."""
    return program(name, f"class M(nn.Module):\n{body.strip(chr(10))}\n", *calls)


LAYERED = (
    module(
        "parameters and numbers",
        """
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(tl.ones(4, 4) * 0.5)
        self.register_buffer("shift", tl.ones(4))
        self.scale = 2.0
        self.times: int = 3
        self.name = "m"

    def forward(self, x):
        for i in range(self.times):
            x = x @ self.weight * self.scale + self.shift
        if self.name == "m":
            x = -x
        return x
""",
        MATRIX,
    ),
    module(
        "methods",
        """
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(4, 4)

    def forward(self, x, n: int = 2):
        return self.repeat(x, n) + self.bias_of() + self.half(2.0)

    def repeat(self, x, n: int):
        for i in range(n):
            x = self.inner(x)
        return x

    def bias_of(self):
        return self.inner.bias

    @staticmethod
    def half(v: float) -> float:
        return v / 2
""",
        MATRIX,
        (*MATRIX, 3),
    ),
    module(
        "a block of a residual network",
        """
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(4)
        self.downsample = nn.Sequential(nn.Conv2d(3, 4, 1, bias=False), nn.BatchNorm2d(4))
        self.stop = None

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        if self.stop is not None:
            out = self.stop(out)
        out += identity
        return self.relu(out)
""",
        IMAGE,
    ),
    module(
        "layers of every kind in a row",
        """
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1), nn.GroupNorm(2, 4), nn.LeakyReLU(0.1), nn.MaxPool2d(2), nn.ELU(),
            nn.Conv2d(4, 4, 1), nn.InstanceNorm2d(4), nn.GELU(), nn.AvgPool2d(2), nn.Flatten(), nn.Dropout(0.0),
            nn.Linear(4, 6), nn.LayerNorm(6), nn.SiLU(), nn.Hardtanh(), nn.Softmax(dim=-1),
        )

    def forward(self, x):
        return self.features(x)
""",
        IMAGE,
    ),
    module(
        "a list of modules",
        """
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4) for i in range(3)])

    def forward(self, x):
        total = x
        for i, layer in enumerate(self.layers):
            x = layer(x) * (i + 1)
            total = total + x
        return total + self.layers[0](x) + len(self.layers)
""",
        MATRIX,
    ),
    module(
        "a dict of modules",
        """
    def __init__(self):
        super().__init__()
        self.heads = nn.ModuleDict({"left": nn.Linear(4, 2), "right": nn.Linear(4, 3)})

    def forward(self, x) -> Dict[str, tl.Tensor]:
        out: Dict[str, tl.Tensor] = {}
        for name, head in self.heads.items():
            out[name] = head(x)
        for head in self.heads.values():
            out["left"] = out["left"] + head(x).sum()
        if "left" in self.heads:
            out["again"] = self.heads["left"](x)
        return out
""",
        MATRIX,
    ),
    module(
        "a cell over steps",
        """
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTMCell(4, 3)
        self.out = nn.Linear(3, 2)

    def forward(self, x) -> Tuple[tl.Tensor, tl.Tensor]:
        h = tl.zeros(2, 3)
        c = tl.zeros(2, 3)
        outs: List[tl.Tensor] = []
        for t in range(x.size(0)):
            h, c = self.cell(x[t], (h, c))
            outs.append(self.out(h))
        return tl.stack(outs), c
""",
        STEPS,
    ),
    module(
        "recurrent layers",
        """
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 3, num_layers=2, bidirectional=True)
        self.gru = nn.GRU(6, 2)

    def forward(self, x):
        y, (h, c) = self.lstm(x)
        z, last = self.gru(y)
        return z, h, c, last
""",
        STEPS,
    ),
    module(
        "an encoder layer",
        """
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2)
        self.norm = nn.LayerNorm(4)

    def forward(self, x):
        y, weights = self.attention(x, x, x, need_weights=False)
        return self.norm(x + y)
""",
        STEPS,
    ),
    module(
        "what is learnt by the mode",
        """
    def __init__(self):
        super().__init__()
        self.bn = nn.BatchNorm1d(4, momentum=0.25)
        self.drop = nn.Dropout(1.0)

    def forward(self, x):
        y = self.bn(x)
        if self.training:
            return y * 2 + self.drop(x)
        return self.drop(y)
""",
        MATRIX,
    ),
    module(
        "attributes that change",
        """
    count: int
    seen: List[int]

    def __init__(self):
        super().__init__()
        self.count = 0
        self.seen = []
        self.register_buffer("mean", tl.zeros(4))

    def forward(self, x) -> Tuple[tl.Tensor, int, int]:
        self.count += 1
        if x.size(0) > 1:
            self.count = self.count + 10
        self.seen.append(self.count)
        self.mean = self.mean * 0.5 + x.detach().mean(0)
        return self.mean + self.count, self.count, len(self.seen)
""",
        MATRIX,
        MATRIX,
    ),
    module(
        "exported",
        """
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(tl.ones(4))

    @tl.jit.export
    def twice(self, x):
        return x * 2 * self.w

    def forward(self, x):
        return self.twice(x) + 1
""",
        MATRIX,
    ),
)
