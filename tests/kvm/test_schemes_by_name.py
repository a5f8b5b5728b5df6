from pathlib import Path

import pytest

import racer
from racer.kvm.schemes import SCHEMES, Deferred, Scheme, by_name, template
from stress import workloads

LATER = ("dirty-tracking", "own-task", "single-vcpu", "nested", "always-locked", "deferred")
NAMES = ("unpinned", "immediate", "seed", "seed-logged", "dropped-locks", "snapshot", "late-joiners")


def test_the_schemes_have_the_names_that_the_documents_use() -> None:
    assert tuple(SCHEMES) == (*NAMES, *LATER)
    assert by_name("deferred") is Deferred


def test_a_scheme_of_ones_own_is_named_by_file_and_class(tmp_path: Path) -> None:
    file = tmp_path / "my.py"
    file.write_text("from racer.kvm.schemes import Deferred\nclass Mine(Deferred):\n    pass\n", encoding="utf-8")
    mine = by_name(f"{file}:Mine")
    assert issubclass(mine, Deferred)
    assert mine.__name__ == "Mine"


BAD = (
    ("deferrd", "unknown scheme 'deferrd': choose one of unpinned, immediate, seed,"),
    ("", "unknown scheme ''"),
    ("nowhere.py", "unknown scheme 'nowhere.py'"),
    ("nowhere.py:Mine", "there is no file 'nowhere.py' in"),
    ("{folder}/own.py:Mine", "there is no 'Mine' in"),
    ("{folder}/own.py:Mine", "which has Own"),
    ("{folder}/own.py:limit", "'limit' is not a subclass of racer.kvm.schemes.Scheme"),
    ("{folder}/own.py:Other", "'Other' is not a subclass of racer.kvm.schemes.Scheme"),
    ("{folder}/broken.py:Mine", "fails to import: ZeroDivisionError"),
    ("{folder}/text.py:Mine", "fails to import: SyntaxError"),
    ("{folder}/none.py:Mine", "which has no scheme"),
)


@pytest.mark.parametrize(("text", "said"), BAD)
def test_a_scheme_that_cannot_be_had_is_a_usage_error_that_says_why(text: str, said: str, tmp_path: Path) -> None:
    own = "from racer.kvm.schemes import Scheme\nlimit = 3\nclass Own(Scheme): pass\nclass Other: pass\n"
    for name, source in {"own": own, "broken": "1 / 0", "text": "this is no Python", "none": "x = 1"}.items():
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
    with pytest.raises(racer.UsageError) as error:
        by_name(text.format(folder=tmp_path))
    assert said in str(error.value)


@pytest.mark.parametrize("workload", ["cross-register", "remap", "cede-prod"])
def test_the_template_is_a_scheme_that_works(workload: str) -> None:
    mine = by_name(f"{template.__file__}:MyScheme")
    assert issubclass(mine, Scheme)
    found = workloads.by_name(workload)
    racer.explore(found.build(mine, found.defaults), executions=60, seed=4).raise_on_failure()
