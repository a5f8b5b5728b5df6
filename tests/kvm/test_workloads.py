"""Every workload against every scheme in small: the good ones clean, the broken ones caught, each time the same."""

import pytest

import racer
from racer.kvm.schemes import SCHEMES
from stress import workloads

MODEL_DRIVEN = ("cross-register", "self-register", "remap", "teardown", "cede-prod")
STRATEGIES = ("random", "pct:3", "round-robin")
GOOD = ("deferred", "always-locked")


def explored(workload: str, scheme: str, executions: int, strategy: str = "random", *, seed: int = 11) -> racer.Result:
    found = workloads.by_name(workload)
    body = found.build(SCHEMES[scheme], found.defaults)
    return racer.explore(body, strategy=strategy, executions=executions, seed=seed, keep_going=True)


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("scheme", GOOD)
@pytest.mark.parametrize("workload", MODEL_DRIVEN)
def test_a_good_scheme_is_clean(workload: str, scheme: str, strategy: str) -> None:
    result = explored(workload, scheme, 60, strategy)
    assert [str(finding) for finding in result.findings] == []
    assert result.verdict == "PASS"


@pytest.mark.parametrize("scheme", GOOD)
@pytest.mark.parametrize("workload", MODEL_DRIVEN)
def test_something_races(workload: str, scheme: str) -> None:
    result = explored(workload, scheme, 60)
    assert result.counters[workloads.by_name(workload).raced] > 0
    for name in ("entries", "calls", "updates"):
        assert result.counters[name] > 0


@pytest.mark.parametrize("scheme", ["immediate", "seed"])
@pytest.mark.parametrize("workload", MODEL_DRIVEN)
def test_a_broken_scheme_shows_what_it_must_and_nothing_it_may_not(workload: str, scheme: str) -> None:
    found = workloads.by_name(workload)
    must, may = found.must_find(scheme), found.may_find(scheme)
    result = explored(workload, scheme, 400)
    shown = {finding.kind for finding in result.findings}
    assert shown >= must
    assert shown <= may


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("workload", MODEL_DRIVEN)
def test_the_same_seed_is_the_same_campaign(workload: str, scheme: str) -> None:
    def told() -> list[tuple[str, int, str]]:
        result = explored(workload, scheme, 20, seed=5)
        findings = [(f.kind, f.count, str(f.schedule)) for f in result.findings]
        return [*findings, ("steps", result.steps, "")]

    assert told() == told()


@pytest.mark.parametrize("workload", MODEL_DRIVEN)
def test_a_finding_of_immediate_can_be_replayed(workload: str) -> None:
    found = workloads.by_name(workload)
    scheme = "seed" if workload == "self-register" else "immediate"
    body = found.build(SCHEMES[scheme], found.defaults)
    result = racer.explore(body, executions=100, seed=2)
    finding = result.findings[0]
    assert finding.schedule is not None
    again = racer.replay(body, str(finding.schedule))
    assert finding.kind in {other.kind for other in again.findings}
