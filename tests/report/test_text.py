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


def under_a_spinlock() -> None:
    spin, lock = racer.SpinLock(name="spin"), racer.Lock(name="lock")

    def inner() -> None:
        with lock:
            pass

    def outer() -> None:
        with spin:
            inner()

    outer()


def test_the_stacks_of_both_sides_are_shown_innermost_first() -> None:
    (finding,) = racer.explore(under_a_spinlock, executions=1, detect=["atomic-sleep"]).findings
    lines = describe(finding).split("\n\n")
    assert [[line.split() for line in block.splitlines()] for block in lines[2:5]] == [
        [
            ["at", "step", "1", "main", "held", "no", "lock"],
            ["at", "step", "2", "main", "held", "spin"],
        ],
        [
            ["main", "acquire", "spin", "at", "step", "1"],
            ["tests/report/test_text.py:82", "in", "outer"],
            ["tests/report/test_text.py:85", "in", "under_a_spinlock"],
        ],
        [
            ["main", "acquire", "lock", "at", "step", "2"],
            ["tests/report/test_text.py:78", "in", "inner"],
            ["tests/report/test_text.py:83", "in", "outer"],
            ["tests/report/test_text.py:85", "in", "under_a_spinlock"],
        ],
    ]
    assert "in outer" not in describe(finding, stacks=False)


def test_stacks_go_from_one_process_to_another() -> None:
    findings = racer.explore(under_a_spinlock, executions=4, detect=["atomic-sleep"], keep_going=True, jobs=2).findings
    assert "in outer" in describe(findings[0])


def test_what_a_subject_reports_itself_has_its_stack_too() -> None:
    def report() -> None:
        racer.violation("kind", "what happened", sides=(racer.side("did", "it"),))

    def caller() -> None:
        report()

    (finding,) = racer.explore(caller, executions=1).findings
    assert [line.split()[-1] for line in describe(finding).split("\n\n")[2].splitlines()[1:]] == ["report", "caller"]


def test_an_exception_says_how_it_came_about() -> None:
    def fail() -> None:
        _ = 1 // 0

    def caller() -> None:
        fail()

    (finding,) = racer.explore(caller, executions=1).findings
    assert [line.split()[-1] for line in describe(finding).split("\n\n")[2].splitlines()[1:]] == ["fail", "caller"]


def test_a_deep_stack_is_cut() -> None:
    def deep(levels: int) -> None:
        if levels:
            deep(levels - 1)
        else:
            racer.violation("kind", "what happened", sides=(racer.side("did", "it"),))

    (finding,) = racer.explore(lambda: deep(20), executions=1).findings
    block = describe(finding).split("\n\n")[2].splitlines()
    assert len(block) == 10
    assert block[-1] == "        ... 14 more"


def test_notes_stand_below_the_sides() -> None:
    finding = Finding("x", "y", sides=(side("t", "does", "z", 1, 2),), notes=("one", "  two"))
    assert describe(finding).splitlines()[3:] == ["", "    one", "      two"]


def test_what_is_too_long_for_a_line_is_broken_at_eighty_columns() -> None:
    long = side("a-thread-with-a-name", "acquire", "vcpu0.vpa_update_lock of the second machine", 100_000, 31)
    finding = Finding(
        "deadlock", "no thread can go on: " + "; ".join(["t0 waits for acquire of lock"] * 9), sides=(long, long)
    )
    lines = describe(finding).splitlines()
    assert max(map(len, lines)) <= 80 + len("    ") + 8
    assert max(len(line) for line in lines[:4]) <= 80
    assert " ".join(line.strip() for line in lines[: lines.index("")]) == f"FAIL {finding}"
    assert lines[-1] == "        racer/kvm/guest.py:31"
