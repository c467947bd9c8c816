"""The public conformance suite for Jupyter kernels, with code samples of what this kernel supports (no pager, no clear_output)."""

import unittest

import jupyter_kernel_test as suite


class TypeScriptKernel(suite.KernelTests):
    kernel_name = "tslab"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = 'console.log("hello, world");'
    code_stderr = 'console.error("oops");'
    completion_samples = [
        {"text": "Math.flo", "matches": {"floor"}},
        {"text": "const emoji = '😀'; emoji.padS", "matches": {"padStart"}},
    ]
    complete_code_samples = ["1", "const a = 1;", "function f() {\n  return 1;\n}"]
    incomplete_code_samples = ["function f() {", "`abc", "const a = [", "/* a"]
    invalid_code_samples = ["let x = = 3;", "const 1a = 2;"]
    code_generate_error = 'throw new Error("as wanted");'
    code_execute_result = [
        {"code": "1 + 2", "result": "3"},
        {"code": "[1, 2].map((x) => 2 * x)", "result": "[ 2, 4 ]"},
        {"code": "await Promise.resolve('later')", "result": "'later'"},
    ]
    code_display_data = [
        {
            "code": 'import { display } from "./src/notebook/display";\ndisplay({ "text/html": "<b>1</b>" });',
            "mime": "text/html",
        }
    ]
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = "1 + ?*"
    code_inspect_sample = "Math.floor"


del suite.KernelTests  # unittest would run the base class too

if __name__ == "__main__":
    unittest.main(verbosity=2)
