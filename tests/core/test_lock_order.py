"""The order of locks as it is put together from several shares of a campaign."""

from racer.core.lock_order import LockClass, LockOrder, Pair, Source
from racer.core.schedule import Schedule


def at(line: int) -> LockClass:
    return ("file.py", line, "function", 0)


def source(index: int) -> Source:
    return Source(index, index, "random", Schedule((0,)), failed=False)


def test_of_two_shares_the_earlier_execution_stays_whichever_comes_first() -> None:
    pair, back = Pair(at(1), at(2)), Pair(at(2), at(1))
    for first, second in (((pair, 5), (pair, 3)), ((pair, 3), (pair, 5))):
        whole, other = LockOrder(), LockOrder()
        whole.add([first[0]], source(first[1]))
        other.add([second[0]], source(second[1]))
        other.add([back], source(9))
        whole.merge(other)
        assert [each.index for each in whole.pairs.values()] == [3, 9]
        assert list(whole.circles()) == [(9, (pair, back))]


def test_a_share_can_be_counted_from_another_number_on() -> None:
    order = LockOrder()
    order.add([Pair(at(1), at(2))], source(2))
    order.later(10)
    assert [each.index for each in order.pairs.values()] == [12]


def test_the_shortest_circle_is_told_and_only_once() -> None:
    order = LockOrder()
    assert not order.add([Pair(at(1), at(2)), Pair(at(2), at(3)), Pair(at(3), at(4)), Pair(at(2), at(4))], source(0))
    assert order.add([Pair(at(4), at(1))], source(1))
    assert list(order.circles()) == [(1, (Pair(at(1), at(2)), Pair(at(2), at(4)), Pair(at(4), at(1))))]
