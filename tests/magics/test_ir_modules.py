"""Scripted modules in the compiler's magics, and ``%ir --gradient``: the programs of calls that are differentiated."""

from __future__ import annotations

import pytest

MODULE = """\
from tensorlab import nn

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 3)
    def forward(self, x):
        return self.linear(x).tanh()
    @tl.jit.export
    def twice(self, x):
        return x + x

net = tl.jit.script(Net())
x = tl.ones(2, 4)
"""


@pytest.fixture
def modules(lab):
    """A scripted module, not called yet."""
    lab.value(MODULE)
    return lab


def passes(view) -> list[str]:
    return [record["name"] for record in view.to_dict()["passes"]]


def test_a_scripted_module_is_its_forward(modules) -> None:
    modules.value("with tl.no_grad(): net(x)")
    view = modules.value("%ir net --stable")
    assert view.text().startswith("net · scripted · ")
    assert "aten::linear" in view.text()
    assert view.to_dict() == modules.value("%ir net.forward --stable").to_dict() | {"name": "net"}
    assert "native code" in modules.value("%phases net").text()
    assert modules.value("%ast net").to_dict()["nodes"][0]["kind"] == "FunctionDef"
    assert "net" in modules.completions("%ir ne")


def test_a_method_is_named_by_a_dot(modules) -> None:
    text = modules.value("%ir net.twice").text()
    assert text.startswith("net.twice · scripted · ")
    assert "aten::add" in text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%ir nets", "nothing is named 'nets'; compiled functions here: net"),
        ("%ir net.thrice", "net is a ScriptModule and has no 'thrice'; compiled functions here: net"),
        ("%phases x", "x is a Tensor, not a compiled function; compiled functions here: net"),
        ("%ir net --gradient backward", "net: no call of it took a tensor that requires a gradient"),
        ("%ir net --gradient sideways", "--gradient takes forward or backward, got 'sideways'"),
        ("%ir net --gradient forward --edit", "--gradient takes no --edit"),
        ("%ir net --gradient forward --compare net", "--gradient takes no --compare"),
    ],
)
def test_what_is_no_compiled_function(modules, line: str, said: str) -> None:
    assert said in modules.error(line)


def test_the_programs_of_a_differentiated_call(modules) -> None:
    modules.value("net(x).sum().backward()")
    plain = modules.value("%ir net").text()
    assert "%ir net --gradient forward shows it" in plain.replace("\n", " ")
    assert "all its calls were differentiated" in modules.value("%phases net").text()
    forward = modules.value("%ir net --gradient forward --stable")
    assert forward.text().startswith("net · forwards · ")
    assert "fuse" in passes(forward)
    backward = modules.value("%ir net --gradient backward --stable -o kept")
    assert modules.names["kept"] is backward
    assert "aten::tanh_backward" in backward.text()
    assert "aten::tanh_backward" not in forward.text()
    # What is shown is what runs.
    (program,) = modules.names["net"].forward.function().gradient_programs
    assert backward.records is program.backward.records
    assert str(backward.records[-1].after) == str(program.backward.graph)


def test_questions_of_one_direction(modules) -> None:
    modules.value("net(x).sum().backward()")
    life = modules.value("%ir net --gradient backward --line 8").text()
    assert "aten::tanh_backward" in life
    assert "What runs for it" in life
    assert (
        "it folds other dimensions than the last" in modules.value("%ir net --gradient backward --why-not fuse").text()
    )


def test_what_if_of_one_direction(modules) -> None:
    modules.value("net(x).sum().backward()")
    lights = modules.value("%ir net --gradient backward --check").to_dict()
    assert {light["light"] for light in lights["passes"]} <= {"equal", "unchanged"}
    other = modules.value("%ir net --gradient backward --without fuse")
    assert "fuse,dce" not in other.to_dict()["other"]
    rows = modules.value("%ir net --gradient backward --measure").to_dict()["rows"]
    assert rows[0]["kinds"]["aten::tanh_backward"] == 1


def test_the_code_of_one_direction(modules) -> None:
    modules.value("net(x).sum().backward()")
    for stage in ("graph", "asm"):
        said = modules.error(f"%ir net --stage {stage}")
        assert "all calls of net took tensors that require gradients, and ran programs of their own" in said
    assert "aten::tanh_backward" in modules.value("%ir net --gradient backward --stage graph").text()
    code = modules.value("%ir net --gradient backward --stage asm --line 8").to_dict()
    marked = [line for line in code["user_lines"] if line["marked"]]
    assert [line["ops"] for line in marked] == [["tanh_backward"]]
    assert marked[0]["total"] >= marked[0]["hot"] > 0


def test_a_call_that_runs_op_by_op_says_why(modules) -> None:
    modules.value("@tl.jit.script\ndef f(a: tl.Tensor):\n    a.add_(1)\n    return a * 2\n")
    modules.value("f(tl.ones(2, requires_grad=True) * 1);")
    said = modules.error("%ir f --gradient forward")
    assert "f: its calls with gradients run op by op, without a program forward: " in said
    assert "writes" in said


def test_calls_that_are_all_differentiated_say_what_can_be_asked(modules) -> None:
    modules.value("net(x).sum().backward()")
    own = "%ir net --gradient forward"
    vectors = modules.error("%ir net --why-not vectorize")
    assert "all calls of net took tensors that require gradients, and ran programs of their own" in vectors
    assert modules.error("%ir net --check").splitlines()[:2] == [
        "MagicError: %ir: forward: no sample of the type Tensor can be made: its dtype and dimensions are not known; "
        "all its calls took tensors that require gradients: call it once under no_grad(), or give inputs",
        f"  {own} asks of what ran",
    ]
    phases = {phase["name"]: phase["note"] for phase in modules.value("%phases net").to_dict()["phases"]}
    assert phases["program"] == phases["native code"]
    assert phases["program"] == (
        "calls that are differentiated run programs of their own: call net(...) under no_grad()"
    )


def test_the_place_of_what_a_layer_does_is_the_user_s(modules) -> None:
    modules.value("with tl.no_grad(): net(x)")
    lines = modules.value("%ir net --stage python").to_dict()["user_lines"]
    assert [(line["span"]["line"], line["text"], line["ops"]) for line in lines] == [
        (8, "return self.linear(x).tanh()", ["linear", "tanh"])
    ]
    assert "line 64" not in modules.value("%ir net --stage python --full").text()


def test_nor_is_the_place_in_source_that_was_written_for_a_layer(modules) -> None:
    modules.value(
        "class Two(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.relu = nn.ReLU()\n"
        "    def forward(self, x):\n        return tl.einsum('ij,kj->ik', self.relu(x), x)\n"
        "two = tl.jit.script(Two())\ntwo(x)"
    )
    lines = modules.value("%ir two --stage python").to_dict()["user_lines"]
    assert {line["span"]["line"] for line in lines} == {6}
