"""A file that holds how far a verification is, so that it can be interrupted and go on later.

It is text (JSON) and holds numbers and schedules only: reading one runs nothing but the test it was made with.
"""

import base64
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from racer.campaign import Tally, execution_of, run_once
from racer.core.errors import UsageError
from racer.core.interleavings import SeenClasses
from racer.core.lock_order import Pair, Source
from racer.core.schedule import Schedule
from racer.dpor.forks import Division, Fork, Part, Step
from racer.dpor.state import accesses_of, plain, plain_trees, restored, trees
from racer.engine.driver import Driver
from racer.engine.pool import Worker
from racer.engine.recorder import Recorder
from racer.strategies.replay import Replay

if TYPE_CHECKING:
    from racer.proof import Proof

FORMAT = "racer-verification 1"
_COUNTS = ("executions", "steps", "threads", "longest", "failed", "first_failure", "last_index", "cut", "raced")


def keep(proof: "Proof", path: Path) -> None:
    """Write how far a verification is; remove the file when there is nothing left to explore."""
    if proof.division.done:
        path.unlink(missing_ok=True)
        return
    text = json.dumps(_plain(proof))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    beside.write_text(text + "\n", encoding="ascii")
    beside.replace(path)  # all of it or nothing


def load(proof: "Proof", path: Path) -> None:
    """Go on from a file, if there is one. Raises UsageError if it is another verification's, or no such file."""
    try:
        text = path.read_text(encoding="ascii")
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the checkpoint {path}: {error}") from None
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise UsageError(f"{path} has format {data['format']!r}, expected {FORMAT!r}")
        _compare(data["of"], _of(proof), path)
        _restore(proof, data)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        if isinstance(error, UsageError):
            raise
        raise UsageError(f"{path} is no checkpoint of a verification: {type(error).__name__}: {error}") from None


def _of(proof: "Proof") -> dict[str, Any]:
    """Return what the file must have been made with to be of use."""
    test, options = proof.test, proof.options
    return {
        "test": f"{getattr(test, '__module__', '?')}:{getattr(test, '__qualname__', type(test).__qualname__)}",
        "detect": options.detect.labels(),
        "keep_going": options.keep_going,
        "max_steps": options.max_steps,
        "preemptions": proof.bounds.preemptions,
    }


def _compare(given: dict[str, Any], wanted: dict[str, Any], path: Path) -> None:
    for name, value in wanted.items():
        if given[name] != value:
            raise UsageError(
                f"{path} was made with {name} {given[name]!r}, and this verification has {value!r}; "
                "give another file, or remove that one to begin anew"
            )


def _plain(proof: "Proof") -> dict[str, Any]:
    tally, forks = proof.tally, sorted(proof.division.forks, key=lambda fork: fork.depth)
    places = {id(fork): place for place, fork in enumerate(forks)}
    return {
        "format": FORMAT,
        "of": _of(proof),
        "redundant": proof.redundant,
        "digest": proof.digest,
        "left_out": proof.left_out,
        "counts": {name: getattr(tally, name) for name in _COUNTS},
        "counters": tally.counters,
        "seen": base64.b64encode(tally.seen.as_bytes()).decode("ascii"),
        "findings": [
            [str(finding.schedule), finding.count, finding.execution.index, finding.kind]
            for finding in tally.findings.values()
            if finding.execution is not None
        ],
        "locks": [
            [*pair, source.index, str(source.schedule), source.failed] for pair, source in tally.locks.pairs.items()
        ],
        "forks": [_plain_fork(fork, places) for fork in forks],
        "parts": [[places.get(id(part.fork)), plain(part.search)] for part in proof.division.parts],
    }


def _plain_fork(fork: Fork, places: dict[int, int]) -> dict[str, Any]:
    return {
        "parent": places.get(id(fork.parent)),
        "step": fork.step,
        "enabled": fork.enabled,
        "sleep": list(fork.sleep.items()),
        "pending": plain_trees(fork.pending),
        "waiting": fork.waiting,
        "begun": fork.begun,
    }


def _restore(proof: "Proof", data: dict[str, Any]) -> None:
    proof.redundant, proof.digest, proof.left_out = data["redundant"], data["digest"], data["left_out"]
    tally = Tally(counters=dict(data["counters"]), seen=SeenClasses.of_bytes(base64.b64decode(data["seen"])))
    for name in _COUNTS:
        setattr(tally, name, data["counts"][name])
    for held, taken, way, index, schedule, failed in data.get("locks", ()):
        pair = Pair(tuple(held), tuple(taken), way)
        tally.locks.pairs[pair] = Source(index, None, "dpor", Schedule.parse(schedule), failed)
    forks: list[Fork] = []
    for fields in data["forks"]:
        forks.append(_fork(fields, forks))
    parts = [Part(None if place is None else forks[place], restored(state)) for place, state in data["parts"]]
    division = Division(parts)
    division.forks = forks
    Driver(proof.stall_after).run(lambda worker: _find_again(proof, tally, data["findings"], worker), lambda: None)
    proof.tally, proof.division = tally, division


def _fork(fields: dict[str, Any], forks: list[Fork]) -> Fork:
    step = None
    if fields["step"] is not None:
        who, number, code, accesses, value, width = fields["step"]
        step = Step(who, number, code, accesses_of(accesses), value, width)
    fork = Fork(None if fields["parent"] is None else forks[fields["parent"]], step, fields["enabled"])
    fork.sleep = {who: accesses_of(accesses) for who, accesses in fields["sleep"]}
    fork.pending = trees(fields["pending"])
    fork.waiting, fork.begun = fields["waiting"], fields["begun"]
    return fork


def _find_again(proof: "Proof", tally: Tally, kept: list[list[Any]], worker: Worker) -> None:
    """Replay the findings, so that they are told with their places as if they had just been found."""
    for text, count, index, kind in kept:
        schedule = Schedule.parse(text)
        most = len(schedule) if schedule.cut else proof.options.max_steps
        recorder = Recorder()
        run = run_once(proof.test, Replay(schedule), 0, worker, most, proof.options.detect, recorder)
        for finding in execution_of(run, recorder, index, None).findings:
            if finding.kind == kind and finding.signature not in tally.findings:
                tally.findings[finding.signature] = finding
                finding.count = count
                break
        else:
            raise UsageError(f"a finding of the checkpoint, {kind}, is not there any more: the test has changed")
        run.release()
