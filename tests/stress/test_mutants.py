"""Mutants: every small way to break a scheme is made, and noticed."""

import pytest

from racer.kvm.schemes.deferred import Deferred
from racer.kvm.vcore import Vcore
from racer.kvm.vcpu import Vcpu
from stress import workloads
from stress.mutants.command import drawn
from stress.mutants.equivalent import Equivalent, reasons
from stress.mutants.fate import DIED, KILLED, SURVIVED, Fate, Job, fate_of
from stress.mutants.operators import mutants_of
from stress.mutants.score import Score
from stress.mutants.source import Mutant, Source, source_of
from stress.mutants.trials import of_workload
from stress.workload import ENOUGH

SOURCE = source_of("deferred")
MUTANTS = mutants_of(SOURCE)
KNOWN, STALE = reasons(SOURCE, MUTANTS)
# The cheap levels only, and operators whose mutants do not live long: what takes more is for `make mutants`.
LEVELS = 3
QUICK = ("invert a test", "another of its kind", "drop an operand", "skip the init")
CHOSEN = [n for n, mutant in enumerate(MUTANTS) if mutant.operator in QUICK and n not in KNOWN]
SAMPLE = [CHOSEN[n] for n in drawn(len(CHOSEN), 30, seed=1)]


class Alone(Deferred):
    """Never says that a vcore is in the guest: nobody can join it, and nothing else is wrong."""

    def kvmppc_first_run(self, vc: Vcore, vcpu: Vcpu) -> None:
        """Let it wait for the next run."""


SMALL = '''
def change(self, vcpu, tvcpu):
    """Change it."""
    tvcpu.lock.acquire()
    va = tvcpu.vpa.pinned_addr
    if va and not tvcpu.ceded:
        tvcpu.vpa.len = 0
    init_vpa(va)
    tvcpu.lock.release()
'''


def made(text: str) -> dict[str, list[str]]:
    """Return the changed lines that each operator makes of a source."""
    source = Source(text, "small.py", "Small")
    found: dict[str, list[str]] = {}
    for mutant in mutants_of(source):
        lines = [line for line in source.diff(mutant)[2:] if line[0] in "+-"]
        found.setdefault(mutant.operator, []).append(" ".join(" ".join(lines).split()))
    return found


@pytest.mark.parametrize(
    ("operator", "diff"),
    [
        ("drop a lock", "- tvcpu.lock.acquire() - tvcpu.lock.release()"),
        ("drop a lock call", "- tvcpu.lock.acquire()"),
        ("split a critical section", "+ tvcpu.lock.release() + tvcpu.lock.acquire()"),
        ("narrow a critical section", "+ tvcpu.lock.release() - tvcpu.lock.release()"),
        ("swap neighbours", "+ init_vpa(va) - init_vpa(va)"),
        ("drop a write", "- tvcpu.vpa.len = 0 + pass"),
        ("drop a test", "- if va and not tvcpu.ceded: + if True:"),
        ("invert a test", "- if va and not tvcpu.ceded: + if not (va and (not tvcpu.ceded)):"),
        ("drop an operand", "- if va and not tvcpu.ceded: + if va:"),
        ("exchange and with or", "- if va and not tvcpu.ceded: + if (va or not tvcpu.ceded):"),
        ("change a constant", "- tvcpu.vpa.len = 0 + tvcpu.vpa.len = 1"),
        ("the wrong area", "- va = tvcpu.vpa.pinned_addr + va = tvcpu.dtl.pinned_addr"),
        ("the wrong vcpu", "- va = tvcpu.vpa.pinned_addr + va = vcpu.vpa.pinned_addr"),
        ("the wrong field", "- va = tvcpu.vpa.pinned_addr + va = tvcpu.vpa.pinned_end"),
        ("read again", "- init_vpa(va) + init_vpa(tvcpu.vpa.pinned_addr)"),
        ("skip the init", "- init_vpa(va)"),
        ("call twice", "+ init_vpa(va)"),
    ],
)
def test_an_operator_makes_its_change(operator: str, diff: str) -> None:
    assert any(diff in line for line in made(SMALL).get(operator, [])), made(SMALL).get(operator)


def test_every_mutant_is_a_program_and_another_one() -> None:
    texts = [SOURCE.mutated(mutant) for mutant in MUTANTS]
    assert len(set(texts)) == len(texts)
    assert SOURCE.text not in texts
    for text in texts:
        compile(text, "mutant.py", "exec")


def test_what_is_said_to_be_equivalent_is_a_mutant_of_the_scheme() -> None:
    assert not STALE


def test_a_reason_that_matches_no_mutant_any_more_is_an_error() -> None:
    score = Score(0, {}, [Equivalent("f", "a", "b", "because")], itself=Fate(-1, SURVIVED))
    assert score.exit_code() == 1


@pytest.mark.parametrize(
    ("verdict", "known", "code"),
    [(KILLED, False, 0), (SURVIVED, False, 1), (SURVIVED, True, 0), (KILLED, True, 1), (DIED, False, 4)],
)
def test_the_exit_code_tells_what_became_of_the_mutants(verdict: str, known: bool, code: int) -> None:
    score = Score(1, {0: "why"} if known else {}, [], {0: Fate(0, verdict)}, Fate(-1, SURVIVED))
    assert score.exit_code() == code


def test_a_scheme_that_is_not_clean_itself_fails() -> None:
    assert Score(0, {}, [], {}, Fate(-1, KILLED)).exit_code() == 1


def test_a_test_that_was_cut_short_is_undecided() -> None:
    assert Score(2, {}, [], {0: Fate(0, KILLED)}, Fate(-1, SURVIVED)).exit_code() == 3


def test_the_scheme_itself_lives() -> None:
    assert fate_of(Job(-1, SOURCE.text, SOURCE.scheme, 1, LEVELS)).verdict == SURVIVED


def test_a_sample_of_the_mutants_of_deferred_is_killed() -> None:
    def fate(number: int) -> Fate:
        return fate_of(Job(number, SOURCE.mutated(MUTANTS[number]), SOURCE.scheme, 1, LEVELS))

    alive = ["\n".join(SOURCE.diff(MUTANTS[number])) for number in SAMPLE if fate(number).verdict != KILLED]
    assert not alive, "\n\n".join(alive)


def test_a_mutant_under_which_no_vcpu_ever_joins_late_is_killed() -> None:
    trial = of_workload(workloads.by_name("cross-register"), Alone, ENOUGH, 1)
    result = trial.run()
    assert not result.findings
    assert trial.unseen(result) == ["late-joins"]


def test_what_does_not_load_is_killed() -> None:
    fate = fate_of(Job(0, "raise ImportError('no')", "Deferred", 1, 1))
    assert (fate.verdict, fate.kind) == (KILLED, "ImportError")


def test_the_same_mutant_has_the_same_fate() -> None:
    mutant: Mutant = next(each for each in MUTANTS if each.operator == "drop a lock")
    job = Job(0, SOURCE.mutated(mutant), SOURCE.scheme, 1, LEVELS)
    first, second = fate_of(job), fate_of(job)
    assert (first.trial, first.kind, first.executions) == (second.trial, second.kind, second.executions)
