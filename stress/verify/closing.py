"""The closing sentence of a verification: what is proved, within which bounds, and what is not."""

from collections.abc import Iterable

from stress.cell import EXPECTED, FAILED, Outcome
from stress.verify.bounded import NAMES, find
from stress.verify.cell import BoundedCell, Proof

PROVED = "Proved, in every interleaving of the workloads as stated above: nothing is found in {}"
NOT_PROVED = (
    "Not proved: anything about more vcpus, entries or calls than stated above, about other calls than those, about"
    " memory that is not sequentially consistent, or about what the model leaves out (docs/model.md)."
)


def closing(cells: list[BoundedCell], proofs: dict[int, Outcome]) -> str:
    """Return one sentence on what is proved and one on what is not."""
    done = [proofs[number] for number in sorted(proofs)]
    said = list(claims(done))
    if len(done) < len(cells):
        said.append(f"{len(cells) - len(done)} of {len(cells)} cells were not finished")
    executions = sum(each.executions for each in done)
    return f"{'; '.join(said) or 'Nothing was shown'} ({executions:,} executions). {NOT_PROVED}"


def claims(done: list[Outcome]) -> Iterable[str]:
    """Yield what the proofs say, the strongest first."""
    for text, proofs in (
        (PROVED, [p for p in done if proved(p)]),
        ("shown: every kind of finding that there is in {}", [p for p in done if p.judged == EXPECTED and p.found]),
        ("NOT as stated: {}", [p for p in done if p.judged == FAILED]),
        ("undecided: {}", [p for p in done if p.judged not in {EXPECTED, FAILED}]),
    ):
        if proofs:
            yield text.format(" and ".join(grouped(proofs)))


def proved(proof: Outcome) -> bool:
    """Whether nothing was found, and nothing was left out."""
    return isinstance(proof, Proof) and proof.judged == EXPECTED and proof.exhausted and not proof.found


def grouped(proofs: list[Outcome]) -> Iterable[str]:
    """Yield schemes with the letters of their workloads; those with the same ones together."""
    letters: dict[str, list[str]] = {}
    for proof in sorted(proofs, key=lambda each: NAMES.index(each.cell.workload)):
        workload = find(proof.cell.workload)
        letters.setdefault(proof.cell.scheme, []).append(f"({workload.letter if workload else '?'})")
    schemes: dict[str, list[str]] = {}
    for scheme, found in letters.items():
        schemes.setdefault(" ".join(found), []).append(scheme)
    for where, of in schemes.items():
        yield f"{' and '.join(of)} in {where}"
