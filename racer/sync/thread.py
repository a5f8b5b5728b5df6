"""Threads of the subject: as threading.Thread, controlled inside an execution."""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from racer.core.operation import ALIVE, FAILED, JOIN, START, TIMED_JOIN
from racer.engine import free, interpose, turnstile
from racer.engine.thread_state import ThreadState


class Thread:
    """A thread, with the signature and the behaviour of threading.Thread; `run` may be overridden.

    Inside an execution `start` is one operation, `join` is one that can be executed once the thread has ended,
    `is_alive` one that reads. A join with a timeout may time out whenever the schedule says so.
    """

    def __init__(
        self,
        group: None = None,
        target: Callable[..., object] | None = None,
        name: str | None = None,
        args: Iterable[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
    ) -> None:
        if group is not None:
            raise AssertionError("group argument must be None for now")  # as threading.Thread
        self._target = target
        self._args = args
        self._kwargs = kwargs
        name = None if name is None else str(name)
        self._run = run = turnstile.active()
        if run is not None:
            inherited = run.current.daemon
            self._state = ThreadState(run, self.run, name, daemon=inherited if daemon is None else daemon)
        else:
            self._real = free.make_thread(self._run_free, name, daemon)

    def run(self) -> None:
        """Run the target; may be overridden."""
        try:
            if self._target is not None:
                if self._args or self._kwargs:
                    self._target(*self._args, **(self._kwargs or {}))
                else:
                    self._target()
        finally:
            self._target = None
            self._args = ()
            self._kwargs = None

    def _run_free(self) -> None:
        try:
            self.run()
        except Exception as error:
            if not free.caught(error):
                raise

    def start(self) -> None:
        """Start the thread; RuntimeError if it was started before."""
        run = self._run
        if run is None:
            if interpose.hook is not None:
                interpose.hook()
            free.start(self._real)
            return
        me = run.reach(START, self._state)
        if self._state.started:
            run.did_read(me, self._state, FAILED)
            raise RuntimeError("threads can only be started once")
        run.started(me, self._state)

    def join(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended; RuntimeError before its start and from within it."""
        run = self._run
        if run is None:
            if interpose.hook is not None:
                interpose.hook()
            self._real.join(timeout)
            return
        state = self._state
        if run.current is state:
            raise RuntimeError("cannot join current thread")
        deadline = run.clock + max(timeout or 0, 0)
        me = run.await_turn(JOIN, state, state) if timeout is None else run.reach(TIMED_JOIN, state)
        if not state.started:
            run.did_read(me, state, FAILED)
            raise RuntimeError("cannot join thread before it is started")
        if state.ended:
            run.did_read(me, state)
        else:
            run.did_read(me, state, FAILED)
            run.timed_out(me, deadline)

    def is_alive(self) -> bool:
        """Return whether the thread was started and has not ended."""
        if self._run is None:
            if interpose.hook is not None:
                interpose.hook()
            return self._real.is_alive()
        self._run.read(ALIVE, self._state)
        return self._state.started and not self._state.ended

    @property
    def name(self) -> str:
        """The thread's name."""
        return self._state.shown_name if self._run is not None else self._real.name

    @name.setter
    def name(self, name: str) -> None:
        if self._run is not None:
            self._state.label = str(name)
        else:
            self._real.name = name

    @property
    def ident(self) -> int | None:
        """The thread's number plus one in an execution (deterministic), its identifier elsewhere; None before start."""
        if self._run is None:
            return self._real.ident
        return self._state.thread_number + 1 if self._state.started else None

    @property
    def daemon(self) -> bool:
        """Whether the thread, blocked for ever, is no deadlock."""
        return self._state.daemon if self._run is not None else free.is_daemon(self._real)

    @daemon.setter
    def daemon(self, daemon: bool) -> None:
        if self._run is None:
            self._real.daemon = daemon
            return
        if self._state.started:
            raise RuntimeError("cannot set daemon status of active thread")
        self._state.daemon = daemon


def current_name() -> str:
    """Return the name of the calling thread, in an execution or not."""
    run = turnstile.active()
    return run.current.shown_name if run is not None else threading.current_thread().name
