"""What a report may say of the last use of a resource, before it went wrong."""

import racer


def used_after_free() -> None:
    """One thread frees a page that another stores to three times; the kind of a finding tells which store was late."""
    page = racer.Resource(name="page")
    freed: list[racer.Side] = []

    def free() -> None:
        page.write("free")
        freed.append(racer.side("free", "page"))

    def use() -> None:
        for what in ("first", "second", "third"):
            page.write(f"{what} store")
            if freed:
                last = racer.last_use(page, before=freed[0])
                notes = () if last is None else (f"{last.thread}: {last.action}, {last.what}, step {last.step}",)
                racer.violation(what, "a store after the free", sides=freed, notes=notes)
                return

    threads = [racer.Thread(target=free, name="owner"), racer.Thread(target=use, name="user")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_last_use_is_the_callers_own_before_the_side() -> None:
    findings = {finding.kind: finding for finding in racer.verify(used_after_free, keep_going=True).findings}
    assert set(findings) == {"first", "second", "third"}
    assert findings["first"].notes == ()
    for late, before in (("second", "first"), ("third", "second")):
        execution = findings[late].execution
        assert execution is not None
        (step,) = [event.step for event in execution.trace if event.what == f"{before} store"]
        assert findings[late].notes == (f"user: {before} store, page, step {step}",)


def test_notes_do_not_tell_findings_apart() -> None:
    first, second = (racer.Finding("late", "after the free", notes=(note,)) for note in ("one", "another"))
    assert first.signature == second.signature


def test_there_is_no_last_use_outside_of_a_rich_execution() -> None:
    seen: list[racer.Side | None] = []

    def body() -> None:
        page = racer.Resource()
        page.write("store")
        seen.append(racer.last_use(page, before=racer.side("free")))

    racer.explore(body, executions=1)
    body()
    assert seen == [None] * len(seen)
