"""Events and locations as text."""

from racer.core.trace import Event, Location


def test_an_event_is_one_line() -> None:
    place = Location("a/b.py", 7, "f")
    assert str(Event(3, 1, "t1", "read", 5, "counter")) == "    3  t1           read counter"
    assert str(Event(12, 1, "t1", "try-acquire", 5, "k", failed=True, what="w", value="0", location=place)) == (
        "   12  t1           try-acquire k (w) = 0 failed  a/b.py:7"
    )
