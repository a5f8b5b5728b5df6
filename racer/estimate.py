"""How many interleavings a test has when none are taken for equal."""

import math
from dataclasses import dataclass

from racer.campaign import Options, Test, run_once
from racer.core.rng import execution_seed
from racer.engine.driver import Driver, collect_young
from racer.engine.pool import Worker
from racer.strategies.probe import Probe


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number of interleavings, estimated by `probes` random executions.

    `interleavings` is the mean of unbiased estimates and `error` its standard error. Their distribution has a long
    tail: with few probes the number is more often too small than too large, so take it for an order of magnitude.
    """

    interleavings: int
    error: int
    probes: int

    def __str__(self) -> str:
        """Return the number as it is printed.

        >>> str(Estimate(interleavings=1260, error=0, probes=10)), str(Estimate(314 * 10**16, 10**17, 10))
        ('about 1,260', 'about 3*10^18')
        """
        digits = str(self.interleavings)
        if len(digits) < 7:
            return f"about {self.interleavings:,}"
        return f"about {digits[0]}*10^{len(digits) - 1}"


def estimated(test: Test, options: Options, driver: Driver, worker: Worker) -> Estimate:
    """Run the probes in the pooled thread that is thread 0 of each execution."""
    probe = Probe()
    products = []
    for index in options.own_indices():
        if driver.stop:
            break
        driver.check()
        run = run_once(test, probe, execution_seed(options.seed, index), worker, options.max_steps, options.detect)
        run.release()
        products.append(probe.product)
        collect_young()
        driver.executions += 1
    probed = max(len(products), 1)
    mean = sum(products) // probed
    spread = sum((product - mean) ** 2 for product in products)
    return Estimate(mean, math.isqrt(spread // (max(probed - 1, 1) * probed)), len(products))
