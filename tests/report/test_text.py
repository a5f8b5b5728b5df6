"""A finding as text."""

import racer
from racer.core.finding import Finding, Side
from racer.core.trace import Location
from racer.report.text import describe


def side(thread: str, action: str, what: str, step: int | None, line: int) -> Side:
    return Side(thread, action, what, step, lambda: Location("racer/kvm/guest.py", line, "enter"))


FOUND = Finding(
    "stale-pointer",
    "vcpu1 stored yield_count through a page that registrar0 had unpinned",
    sides=(
        side("registrar0", "unpin", "frame 7  (vcpu1's VPA)", 41, 58),
        side("vcpu1", "store", "frame 7 +0x100", 44, 31),
    ),
)


def test_both_sides_are_aligned_and_the_last_lines_say_how_to_see_it_again() -> None:
    text = describe(FOUND, where="workload w, scheme s", reproduce="make reproduce SEED=0x51")
    assert text.split("\n") == [
        "FAIL stale-pointer: vcpu1 stored yield_count through a page that registrar0 had unpinned",
        "",
        "    registrar0  unpin  frame 7  (vcpu1's VPA)  step 41  racer/kvm/guest.py:58",
        "    vcpu1       store  frame 7 +0x100          step 44  racer/kvm/guest.py:31",
        "",
        "    workload w, scheme s",
        "    reproduce: make reproduce SEED=0x51",
    ]


def test_a_side_without_a_step_or_a_place_leaves_its_columns_empty() -> None:
    finding = Finding("x", "y", sides=(Side("t", "does", "z", None, lambda: None), side("other", "d", "", 3, 9)))
    assert describe(finding).splitlines()[2:4] == [
        "    t      does  z",
        "    other  d        step 3  racer/kvm/guest.py:9",
    ]


def test_a_finding_of_explore_says_its_execution_seed_and_schedule() -> None:
    def test() -> None:
        racer.violation("kind", "what happened", sides=(racer.side("did", "it"),))

    (finding,) = racer.explore(test, executions=3, seed=0x2A, keep_going=True).findings
    lines = describe(finding).splitlines()
    assert lines[0] == "FAIL kind: what happened"
    assert lines[-2] == "    execution 0, seed 0x2a, seen in 3 executions"
    assert lines[-1] == f"    schedule: {finding.schedule}"
    assert racer.replay(test, lines[-1].removeprefix("    schedule: ")).findings


def test_a_bare_finding_is_one_line() -> None:
    assert describe(Finding("x", "y")) == "FAIL x: y"


def test_every_finding_can_be_described() -> None:
    def test() -> None:
        lock = racer.Lock(name="k")
        lock.acquire()
        racer.Thread(target=lambda: 1 // 0).start()
        lock.acquire()

    for finding in racer.explore(test, executions=5, keep_going=True).findings:
        text = describe(finding)
        assert text.startswith(f"FAIL {finding.kind}: ")
        assert all(line == line.rstrip() for line in text.splitlines())
        assert "tests/report/test_text.py:" in text
