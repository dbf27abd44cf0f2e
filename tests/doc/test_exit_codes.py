import re

from dam.core.errors import ExitCode
from tests.conftest import PROJECT


def test_every_exit_code_is_documented_and_no_other() -> None:
    page = (PROJECT / "doc/exit_codes.md").read_text()
    listed = [int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)]
    assert listed == sorted(code for name, code in vars(ExitCode).items() if name.isupper())
