"""Prints how long files and functions are, beside what we steer by. The limits themselves are tests."""

from collections.abc import Sequence

from tests.architecture.source import ROOT, SourceFile, layer_files, line_count, product_files


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest value that at least `share` of all values do not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[max(0, -int(-len(ordered) * share // 1) - 1)] if ordered else 0


def measure(files: Sequence[SourceFile]) -> dict[str, list[int]]:
    """Line counts of files that hold code, and of every function in them."""
    written = [file for file in files if file.module.body]
    return {
        "file lines": [file.text.count("\n") for file in written],
        "function lines": [line_count(node) for file in written for node in file.functions()],
    }


TARGETS = {"file lines": (80, 250, 400), "function lines": (10, 30, 50)}


def report() -> str:
    """A table of both halves of the tree."""
    rows = [f"{'':26}{'count':>8}{'median':>12}{'p90':>12}{'longest':>12}   (most)"]
    for part, files in {"product": product_files(ROOT), "tests": layer_files(ROOT, "tests")}.items():
        for name, values in measure(files).items():
            found = (percentile(values, 0.5), percentile(values, 0.9), max(values, default=0))
            cells = [f"{value:>5} ({most:>3})" for value, most in zip(found, TARGETS[name], strict=True)]
            rows.append(f"{part + ' ' + name:26}{len(values):>8}" + "".join(f"{cell:>12}" for cell in cells))
    return "\n".join(rows)


if __name__ == "__main__":
    print(report())
