"""Modules for tests of what a module is: one with everything, and a small one, by either library."""


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


def fresh(lib):
    return lib.nn.Linear(2, 3)
