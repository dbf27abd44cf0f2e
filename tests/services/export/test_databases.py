"""check and export on each kind of database."""

from pathlib import Path

from dam.services.check.check import CheckOptions, check, check_sums
from dam.services.check.sums import Sum
from dam.services.export.export import export
from dam.services.export.outcome import ExportOptions
from dam.services.ingest.ingest import ingest
from dam.services.library import Library
from dam.services.processes.limits import configured_limits
from dam.services.processes.pool import Pool


def test_the_same_on_each(each_library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "sources"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / name).write_text(f"the words of {name}")
    pool = Pool(0, configured_limits())
    list(ingest(each_library, [str(folder)], ["sea"], pool=pool))
    (folder / "three").write_text("new words")
    for rehash in (False, True):
        found = check(each_library, [str(folder)], CheckOptions(exact=True, rehash=rehash), pool=pool)
        assert [file.status for file in found] == ["have", "new", "have"]
    assert [file.status for file in check_sums(each_library, [Sum("0" * 64, "x")])] == ["new"]
    options = ExportOptions(metadata=True, windows=True)
    done = list(export(each_library, [1, 2, 3], tmp_path / "out", options))
    assert [each.status for each in done] == ["written", "written", "failed"]
    assert (tmp_path / "out/metadata.jsonl").read_text().count('"tags": ["sea"]') == 2
