"""What holds of every strategy: the same seed and text, the same execution, in one process and in another."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import racer
from tests.engine.flat import body
from tests.engine.golden import PROGRAMS
from tests.engine.programs import KNOWN

ROOT = Path(__file__).parents[2]
SHOWN = ("every primitive", "unstructured")

AGAIN = """
import json, sys, racer
from tests.engine.golden import PROGRAMS
found = {}
for program, text, seed in json.load(sys.stdin):
    result = racer.explore(PROGRAMS[program], strategy=text, executions=1, seed=seed, keep_going=True, max_steps=300)
    found[f"{program} {text} {seed}"] = result.digest
print(json.dumps(found))
"""


def test_an_execution_is_repeated_from_text_and_seed_in_a_new_process() -> None:
    asked, wanted = [], {}
    for program in SHOWN:
        for strategy in racer.STRATEGIES:
            text = racer.explore(PROGRAMS[program], strategy=strategy, executions=1, max_steps=300).strategy
            for seed in range(6):
                first = racer.explore(
                    PROGRAMS[program], strategy=strategy, executions=1, seed=seed, keep_going=True, max_steps=300
                )
                assert first.strategy == text
                asked.append((program, text, seed))
                wanted[f"{program} {text} {seed}"] = first.digest
    ran = subprocess.run(
        [sys.executable, "-c", AGAIN], input=json.dumps(asked), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == wanted


@pytest.mark.parametrize("strategy", racer.STRATEGIES)
@pytest.mark.parametrize("program", SHOWN)
def test_a_finding_is_repeated_by_its_seed_and_by_its_schedule(program: str, strategy: str) -> None:
    test = PROGRAMS[program]
    result = racer.explore(test, strategy=strategy, executions=60, seed=9, keep_going=True, max_steps=300)
    for finding in result.findings:
        assert finding.execution is not None
        assert finding.seed is not None
        assert finding.schedule is not None
        again = racer.explore(
            test, strategy=result.strategy, executions=1, seed=finding.seed, keep_going=True, max_steps=300
        )
        assert again.digest == finding.execution.digest
        assert racer.replay(test, finding.schedule).digest == finding.execution.digest


@pytest.mark.parametrize("strategy", ["pos", "surw", "portfolio"])
@pytest.mark.parametrize("name", KNOWN)
def test_no_interleaving_is_out_of_reach(name: str, strategy: str) -> None:
    known = KNOWN[name]
    executions = 3000 if name == "inc(3)" else 500
    result = racer.explore(body(known.program), strategy=strategy, executions=executions, seed=4, keep_going=True)
    assert result.interleavings == known.classes
    assert bool(result.failed) == bool(known.deadlocks)


@pytest.mark.parametrize("strategy", ["pos", "surw", "portfolio"])
def test_two_processes_find_what_one_finds(strategy: str) -> None:
    test = PROGRAMS["every primitive"]
    one, two = (
        racer.explore(test, strategy=strategy, executions=41, seed=2, keep_going=True, max_steps=300, jobs=jobs)
        for jobs in (1, 2)
    )
    assert (one.strategy, one.digest, one.steps, one.failed) == (two.strategy, two.digest, two.steps, two.failed)
