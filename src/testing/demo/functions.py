"""Prints a CSV of real data: every function of Python's standard library, described by its syntax tree.

The target, `gives`, says what a caller gets: a `value`, `nothing`, or, from a generator, a `sequence`. Names and decorators are categories,
counts are numbers, and what a function does not have (a docstring, a decorator, a second word in its name) is missing.
"""

import ast
import csv
import pathlib
import sys
import sysconfig

COLUMNS = [
    "package", "kind", "first_word", "decorator", "arguments", "defaults", "lines", "branches",
    "loops", "calls", "raises", "depth", "docstring_words", "mean_name_length", "gives",
]
SKIPPED = {"test", "tests", "idlelib", "site-packages", "lib2to3", "__pycache__", "ensurepip", "turtledemo"}


def depth(node: ast.AST) -> int:
    return 1 + max((depth(child) for child in ast.iter_child_nodes(node)), default=0)


def count(node: ast.AST, kinds) -> int:
    return sum(isinstance(child, kinds) for child in ast.walk(node))


def decorator(node) -> str:
    if not node.decorator_list:
        return ""
    first = node.decorator_list[0]
    first = first.func if isinstance(first, ast.Call) else first
    return getattr(first, "attr", None) or getattr(first, "id", "")


def gives(node: ast.AST) -> str:
    if count(node, (ast.Yield, ast.YieldFrom)):
        return "sequence"
    returns = (child for child in ast.walk(node) if isinstance(child, ast.Return))
    return "value" if any(child.value is not None for child in returns) else "nothing"


def describe(package: str, node, is_method: bool) -> list:
    words = [word for word in node.name.strip("_").split("_") if word]
    names = [child.id for child in ast.walk(node) if isinstance(child, ast.Name)]
    docstring = ast.get_docstring(node)
    kind = "async" if isinstance(node, ast.AsyncFunctionDef) else "method" if is_method else "function"
    return [
        package, kind, words[0].lower() if len(words) > 1 else "", decorator(node),
        len(node.args.args) + len(node.args.kwonlyargs), len(node.args.defaults), node.end_lineno - node.lineno + 1,
        count(node, (ast.If, ast.IfExp, ast.Try)), count(node, (ast.For, ast.While)), count(node, ast.Call),
        count(node, ast.Raise), depth(node), len(docstring.split()) if docstring else "",
        round(sum(map(len, names)) / len(names), 1) if names else "", gives(node),
    ]


def functions(tree: ast.AST, is_class: bool = False):
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node, is_class
        yield from functions(node, isinstance(node, ast.ClassDef))


def main() -> None:
    root = pathlib.Path(sysconfig.get_paths()["stdlib"])
    rows = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        if SKIPPED & set(parts):
            continue
        try:
            tree = ast.parse(path.read_text("utf-8"))
        except (SyntaxError, UnicodeDecodeError, RecursionError):
            continue
        package = parts[0].removesuffix(".py")
        rows += [describe(package, node, is_method) for node, is_method in functions(tree)]
    out = csv.writer(sys.stdout)
    out.writerow(COLUMNS)
    # A row that stands twice could be on both sides of a split, and would make any score look better than it is.
    out.writerows(dict.fromkeys(map(tuple, rows)))


main()
