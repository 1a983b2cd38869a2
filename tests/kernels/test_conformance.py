"""The `tensorlab` kernel speaks the messaging protocol: the conformance suite, run on the installed kernelspec."""

from __future__ import annotations

import os
import tempfile

import jupyter_kernel_test
from jupyter_client.manager import start_new_kernel


class TestTensorlabKernel(jupyter_kernel_test.KernelTests):
    kernel_name = "tensorlab"
    language_name = "python"
    file_extension = ".py"

    code_hello_world = "print('hello, world')"
    code_stderr = "import sys; print('a warning', file=sys.stderr)"
    code_page_something = "%storage?"
    code_generate_error = "import tensorlab; tensorlab.tensor('not numbers')"
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "import tensorlab as tl; tl.zeros(2).shape[0]", "result": "2"},
    ]
    code_display_data = [
        {"code": "from IPython.display import HTML, display; display(HTML('<b>x</b>'))", "mime": "text/html"}
    ]
    code_clear_output = "from IPython.display import clear_output; clear_output()"
    completion_samples = [
        {"text": "isinst", "matches": {"isinstance"}},
        {"text": "%unload_e", "matches": {"%unload_ext"}},
    ]
    complete_code_samples = ["x = 1", "%%trace\nx + 1\n\n", "def f(x):\n    return x\n\n"]
    incomplete_code_samples = ["def f(x):", "x = (1 +"]
    invalid_code_samples = ["x = = 1", "import = 7q"]
    code_inspect_sample = "tensorlab"
    # Range and search ask for the history database, which the stock kernel answers differently from the suite.
    supported_history_operations = ("tail",)

    @classmethod
    def setUpClass(cls) -> None:
        """Start the kernel in a profile of its own, so that nobody's history and settings take part."""
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="tensorlab-kernel-"))
        cls.km, cls.kc = start_new_kernel(kernel_name=cls.kernel_name, env=os.environ | {"IPYTHONDIR": folder})


# The suite's base class is abstract: collected by itself it would start a second kernel.
del jupyter_kernel_test
