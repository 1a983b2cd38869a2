"""Programs with modules: constants, parts that may not be there, what stays with Python, what is written."""

from tests.jit.scripting.programs_modules import LAYERED, MATRIX, module

PARTS = (
    module(
        "constants",
        """
    __constants__ = ["sizes", "flag"]
    depth: tl.jit.Final[int]

    def __init__(self):
        super().__init__()
        self.sizes = [1, 2, 3]
        self.flag = False
        self.depth = 2

    def forward(self, x):
        total = 0
        for n in self.sizes:
            total += n
        if self.flag:
            x = x.nothing_like_that()
        return x * total + self.depth
""",
        MATRIX,
    ),
    module(
        "optional parts",
        """
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(tl.ones(4))
        self.register_parameter("bias", None)
        self.register_buffer("mask", None)

    def forward(self, x, extra: Optional[tl.Tensor] = None):
        y = x * self.weight
        if self.bias is not None:
            y = y + self.bias
        if self.mask is None:
            y = y + 1
        if extra is not None:
            y = y + extra
        return y
""",
        MATRIX,
        (*MATRIX, *MATRIX),
    ),
    module(
        "ignored and unused",
        """
    def __init__(self):
        super().__init__()
        self.scale = 3.0

    @tl.jit.ignore
    def outside(self, x: tl.Tensor) -> tl.Tensor:
        return x * self.scale

    @tl.jit.unused
    def never(self, x: tl.Tensor) -> tl.Tensor:
        return eval("x")

    def forward(self, x, go: bool = False):
        y = self.outside(x)
        if go:
            y = self.never(y)
        return y
""",
        MATRIX,
    ),
    module(
        "functional",
        """
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(tl.ones(4, 4) / 4)
        self.act = F.relu

    def forward(self, x):
        y = F.linear(x, self.w)
        y = F.layer_norm(self.act(y), [4])
        y = F.dropout(y, 0.5, self.training and False)
        y = F.softmax(F.leaky_relu(F.elu(y, 0.5), negative_slope=0.2), dim=1)
        return F.normalize(F.gelu(y) + F.hardtanh(y) + F.softplus(y), dim=1), F.mse_loss(y, x, reduction="sum")
""",
        MATRIX,
    ),
    module(
        "children",
        """
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Tanh()

    def forward(self, x):
        n = 0
        for name, part in self.named_children():
            x = part(x)
            n += len(name)
        for part in self.children():
            x = part(x) * n
        return x
""",
        MATRIX,
    ),
    module(
        "without gradients",
        """
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 4)

    def forward(self, x):
        with tl.no_grad():
            y = self.lin(x)
        return y * x
""",
        MATRIX,
    ),
    module(
        "a shared module",
        """
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = self.a
        self.c = nn.Sequential(self.a, nn.Tanh(), self.a)

    def forward(self, x):
        return self.b(self.a(x)) + self.c(x)
""",
        MATRIX,
    ),
    module(
        "modules inside of modules",
        """
    class Gate(nn.Module):
        def __init__(self, size: int, scale: float):
            super().__init__()
            self.lin = nn.Linear(size, size)
            self.scale = scale

        def forward(self, x):
            return x * tl.sigmoid(self.lin(x)) * self.scale

    def __init__(self):
        super().__init__()
        self.first = M.Gate(4, 2.0)
        self.second = nn.Sequential(M.Gate(4, 0.5), nn.Sequential(M.Gate(4, 1.5)))

    def forward(self, x):
        return self.second(self.first(x)) - self.first.scale
""",
        MATRIX,
    ),
    module(
        "properties",
        """
    def __init__(self):
        super().__init__()
        self.n = 3

    @property
    def double(self) -> int:
        return self.n * 2

    def forward(self, x):
        return x + self.double
""",
        MATRIX,
    ),
    module(
        "what there is",
        """
    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(tl.ones(4))

    def forward(self, x):
        if hasattr(self, "bias"):
            x = x + self.bias
        if hasattr(self, "other"):
            x = x + self.other
        return x + getattr(self, "bias")
""",
        MATRIX,
    ),
    module(
        "losses",
        """
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 3)
        self.loss = nn.CrossEntropyLoss(label_smoothing=0.1)
        self.other = nn.SmoothL1Loss()

    def forward(self, x):
        y = self.lin(x)
        target = tl.tensor([0, 2])
        return self.loss(y, target) + self.other(y, tl.zeros_like(y))
""",
        MATRIX,
    ),
    module(
        "parameters in a list",
        """
    def __init__(self):
        super().__init__()
        self.ws = nn.ParameterList([nn.Parameter(tl.ones(4) * i) for i in range(3)])

    def forward(self, x):
        for w in self.ws:
            x = x + w
        return x
""",
        MATRIX,
    ),
    module(
        "called in scripts alone",
        """
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 4)

    def forward(self, x):
        if tl.jit.is_scripting():
            x = x + 1
        return self.lin(x)
""",
        MATRIX,
    ),
    module(
        "starred",
        """
    def __init__(self):
        super().__init__()
        self.lin = nn.Bilinear(4, 4, 2)

    def forward(self, x):
        pair = (x, x * 2)
        return self.lin(*pair)
""",
        MATRIX,
    ),
    module(
        "lists and flags",
        """
    def __init__(self):
        super().__init__()
        self.sizes: List[int] = [2, 3]
        self.table: Dict[str, float] = {"a": 1.5}
        self.flag = True

    def forward(self, x):
        for n in self.sizes:
            x = x * n
        if self.flag:
            x = x + self.table["a"]
        return x
""",
        MATRIX,
    ),
    module(
        "written parameters",
        """
    def __init__(self):
        super().__init__()
        self.register_buffer("total", tl.zeros(4))

    def forward(self, x):
        self.total += x.detach().sum(0)
        self.total[0] = 7.0
        return self.total * x
""",
        MATRIX,
        MATRIX,
    ),
)

MODULES = (*LAYERED, *PARTS)
