"""Each of the fourteen defaults of everything that listens has tests; this file finds them by their marker.

1 this machine only, others only with a token; 2 tokens, codes and sessions; 3 hosts and origins; 4 no CORS; 5 policy,
no other host; 6 what a model says is text; 7 valid UTF-8; 8 no code out of data; 9 bounds; 10 visibility and scopes;
11 secrets; 12 nothing in content is fetched; 13 budgets; 14 signals.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

TESTS = Path(__file__).parents[1]
DEFAULTS = range(1, 15)


def marked(source: str) -> Iterator[tuple[int, str]]:
    """Give the tests of a file that are marked with a default, or with several."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            for mark in node.decorator_list:
                match mark:
                    case ast.Call(func=ast.Attribute(attr="default"), args=arguments):
                        for argument in arguments:
                            yield int(ast.literal_eval(argument)), node.name


def index(folder: Path) -> Mapping[int, list[str]]:
    """Give the ids of the tests of each default."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for file in sorted(folder.rglob("test_*.py")):
        source = file.read_text()
        for number, name in marked(source) if "mark.default(" in source else ():
            found[number].append(f"{file.relative_to(folder.parent).as_posix()}::{name}")
    return found


def test_every_default_has_a_test() -> None:
    found = index(TESTS)
    assert set(found) == set(DEFAULTS)


def test_a_default_without_a_test_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text(
        "@pytest.mark.default(1, 2)\nasync def test_x(): ...\n@pytest.mark.default(3)\ndef helper(): ...\n"
    )
    found = index(tmp_path)
    assert set(found) == {1, 2}
    assert found[1] == [f"{tmp_path.name}/test_x.py::test_x"]
