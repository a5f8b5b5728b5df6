"""The command `racer`: explores and replays a test body by name, with exit codes that say how it went."""

import re
from pathlib import Path

import pytest

from racer import cli

BODIES = """
import racer

def counted(lock):
    counter = racer.Shared(0, name="counter")
    def add():
        with lock:
            counter.value += 1
    threads = [racer.Thread(target=add, name=f"t{i}") for i in range(2)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert counter.value == 2

def safe():
    counted(racer.Lock())

def lost():
    counted(racer.Semaphore(2))
"""


@pytest.fixture
def bodies(tmp_path: Path) -> str:
    path = tmp_path / "bodies.py"
    path.write_text(BODIES)
    return str(path)


def headline(output: str) -> str:
    return next(line for line in output.splitlines() if line.startswith("FAIL "))


def test_a_race_is_found_reproduced_and_replayed(bodies: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explore", f"{bodies}:lost", "--seed", "0x7"]) == 1
    output = capsys.readouterr().out
    assert "FAIL exception: " in output
    reproduce = re.search(r"reproduce: racer (.*)", output)
    replay = re.search(r"replay:    racer (.*)", output)
    assert reproduce
    assert replay
    assert cli.run(reproduce[1].split()) == 1
    again = capsys.readouterr().out
    assert headline(again) == headline(output)
    assert cli.run([word.strip("'") for word in replay[1].split()]) == 1
    assert re.search(r"^digest [0-9a-f]{64}$", capsys.readouterr().out, re.MULTILINE)


def test_a_safe_body_passes(bodies: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["explore", f"{bodies}:safe", "--executions", "50", "--strategy", "pct:3"]) == 0
    assert "PASS: 50 executions" in capsys.readouterr().out


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert re.fullmatch(r"racer \d+\.\d+\.\d+\n", capsys.readouterr().out)


BAD = {
    "no function named": (["explore", "{bodies}"], "module:function or path/to/file.py:function"),
    "no such function": (["explore", "{bodies}:other"], "has no function 'other'"),
    "no such file": (["explore", "no/such.py:body"], "no such file: no/such.py"),
    "no such module": (["explore", "no_such_module:body"], "cannot import no_such_module"),
    "unknown strategy": (["explore", "{bodies}:safe", "--strategy", "luck"], "luck.*random"),
    "seed that is no number": (["explore", "{bodies}:safe", "--seed", "x"], "decimal or 0x hexadecimal"),
    "no executions": (["explore", "{bodies}:safe", "--executions", "0"], "executions must be"),
    "no schedule": (["replay", "{bodies}:safe", "abc"], "not a schedule"),
    "other version": (["replay", "{bodies}:safe", "racer9:a::0:0"], "racer9.*racer1"),
    "unknown command": (["walk"], "walk"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_one_clear_line(name: str, bodies: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, reason = BAD[name]
    assert cli.run([word.replace("{bodies}", bodies) for word in arguments]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert re.search(reason, errors)


def test_a_safe_body_is_verified(bodies: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["verify", f"{bodies}:safe"]) == 0
    output = capsys.readouterr().out
    assert "PASS: all 2 interleavings were executed, without a finding" in output
    assert "exhausted: there is no other interleaving of this test" in output


def test_what_a_verification_finds_replays(bodies: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["verify", f"{bodies}:lost", "--keep-going", "--jobs", "2"]) == 1
    output = capsys.readouterr().out
    assert re.search(r"^FAIL: \d+ of \d+ executions had a finding$", output, re.MULTILINE)
    replay = re.search(r"replay:    racer (.*)", output)
    assert replay
    assert cli.run([word.strip("'") for word in replay[1].split()]) == 1


def test_a_verification_goes_on_from_a_checkpoint(
    bodies: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["verify", f"{bodies}:safe", "--checkpoint", str(tmp_path / "kept")]
    assert cli.run([*words, "--max-executions", "1"]) == 3
    assert "UNKNOWN: cut short after 1 executions" in capsys.readouterr().out
    assert cli.run(words) == 0
    assert "PASS: all 2 interleavings were executed" in capsys.readouterr().out


def test_bounds_that_cannot_be_meant_are_bad_usage(bodies: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["verify", f"{bodies}:safe", "--preemptions", "-1"]) == 2
    assert "-1 is not in the range x>=0" in capsys.readouterr().err
    assert cli.run(["verify", f"{bodies}:safe", "--jobs", "2", "--preemptions", "1"]) == 2
    assert "jobs must be 1, got 2" in capsys.readouterr().err
