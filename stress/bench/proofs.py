"""How long the verification of each bounded workload of the model takes."""

from stress.bench.measure import FULL, Effort
from stress.bench.row import Row
from stress.bench.spread import spread
from stress.crew import cpus
from stress.verify.bounded import find
from stress.verify.cell import BoundedCell, Proof
from stress.verify.command import Asked, cells_of
from stress.verify.runner import verify_cell

NAME = "verify-model"
SCHEMES = ("deferred", "always-locked")
"""Those that are to be proved; the broken ones take about as long."""
MOST = 10_000
"""Executions at most where less than the full effort is asked for: then a share of these."""


def proof_rows(effort: Effort) -> list[Row]:
    """Verify every bounded workload under the schemes that are right, each on one CPU."""
    most = None if effort.scale >= FULL.scale else effort.of(MOST)
    cells = [cell for scheme in SCHEMES for cell in cells_of(Asked(scheme=scheme, max_executions=most))]
    return [row_of(proof) for proof in spread(proved, cells, cpus())]


def proved(cell: BoundedCell) -> Proof:
    """Verify one cell."""
    return verify_cell(cell, lambda _: None)


def row_of(proof: Proof) -> Row:
    """Return how long a verification took, and how far it got."""
    cell = proof.cell
    workload = find(cell.workload)
    seconds = max(proof.seconds, 1e-9)
    reached = "all" if proof.exhausted else "cut short after"
    return Row(
        name=NAME,
        what=f"({workload.letter if workload else '?'}) {cell.workload}, {cell.scheme}",
        unit="s",
        value=seconds,
        low=seconds,
        high=seconds,
        cpu=None,
        note=f"{proof.verdict}, {reached} {proof.executions:,} executions, {proof.redundant:,} of them redundant, "
        f"{proof.steps / max(proof.executions, 1):,.0f} steps and {seconds / max(proof.executions, 1) * 1e3:.2f} ms "
        f"each{f'; {proof.why}' if proof.why else ''}",
    )
