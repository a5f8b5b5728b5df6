"""Which test stands against which mistake: of each pitfall the mistake in a sentence, and the tests that expose it."""

from typing import NamedTuple


class Covered(NamedTuple):
    """A mistake that other tools made, where it is known from, and the tests (file::name) that fail if it is made here.

    Programs of tests/pitfalls/programs.py that carry the pitfall's number belong to it, too; they are run by
    tests/pitfalls/test_counts.py.
    """

    mistake: str
    known: str
    tests: tuple[str, ...]


COUNTS = "tests/pitfalls/test_counts.py"
OUTCOMES = "tests/pitfalls/test_outcomes.py"
LIVES = "tests/pitfalls/test_lives.py"
SPINNING = "tests/pitfalls/test_spinning.py"
BOUNDS = "tests/pitfalls/test_bounds.py"
MEASURED = "tests/pitfalls/test_measured.py"
INTERLEAVINGS = "tests/engine/test_interleavings.py"
CONFLICTS = "tests/sync/test_conflicts.py"
MISUSE = "tests/engine/test_misuse.py"
DEADLOCK = "tests/engine/test_deadlock.py"
SURW = "tests/strategies/test_surw.py"
TEXTS = "tests/strategies/test_texts.py"
SHARES = "tests/strategies/test_shares.py"

COVERED: dict[int, Covered] = {
    1: Covered(
        "the outcome of a trylock or compare-exchange is kept when it is moved",
        "Nidhugg#37 (Mutex_trylock_2, CAS_load, CAS_tricky)",
        (
            f"{OUTCOMES}::test_a_compare_exchange_is_seen_to_fail_and_to_succeed_wherever_it_can",
            f"{COUNTS}::test_a_family_of_programs_follows_its_formula",
            f"{CONFLICTS}::test_operations_conflict_exactly_when_one_of_them_modifies",
        ),
    ),
    2: Covered(
        "only the last access to an object is remembered, so that a load hides what was before it",
        "frontrun (three writers), loom#166, loom#392, loom#90",
        (
            f"{OUTCOMES}::test_a_load_that_matters_to_nobody_takes_no_outcome_away",
            f"{OUTCOMES}::test_a_thread_that_loads_first_is_still_overtaken",
            f"{COUNTS}::test_a_family_of_programs_follows_its_formula",
        ),
    ),
    3: Covered(
        "an acquire is ordered after the release before it and nothing more: no order of sections is reversed",
        "frontrun",
        (
            f"{OUTCOMES}::test_every_order_of_critical_sections_is_executed_once",
            f"{INTERLEAVINGS}::test_verify_executes_every_interleaving_once",
        ),
    ),
    4: Covered(
        "an operation at which a thread is left blocked takes part in no race",
        "Nidhugg (mutex_deadlock, await)",
        (
            f"{OUTCOMES}::test_a_lock_that_is_never_released_hides_no_order",
            f"{INTERLEAVINGS}::test_verify_executes_every_interleaving_once",
        ),
    ),
    5: Covered(
        "initials, sleep sets or sequences are a little wrong: one execution in many is missed",
        "dscheck#18, dscheck#22, Concuerror#43, Nidhugg#41",
        (
            f"{OUTCOMES}::test_the_outcome_that_needs_two_windows_at_once_is_found",
            f"{COUNTS}::test_verify_counts_as_stated_in_whichever_order_the_threads_start",
            f"{INTERLEAVINGS}::test_verify_agrees_with_brute_force_on_any_program",
            f"{INTERLEAVINGS}::test_verify_agrees_with_brute_force_where_it_is_hard",
            f"{INTERLEAVINGS}::test_any_family_of_threads_is_counted_exactly",
        ),
    ),
    6: Covered(
        "the end of main ends its daemons",
        "dejafu#40",
        (
            f"{LIVES}::test_a_daemon_is_not_cut_off_by_the_end_of_main",
            f"{LIVES}::test_a_server_that_waits_for_more_is_found_in_every_state_and_is_no_deadlock",
            f"{DEADLOCK}::test_a_daemon_that_can_go_on_runs_on_after_main_has_ended",
        ),
    ),
    7: Covered(
        "a loop that waits goes round for ever, or is forbidden to go round",
        "loom#162, dscheck#17, Shuttle#18",
        (
            f"{SPINNING}::test_a_loop_that_lets_others_go_first_ends_under_priorities",
            f"{SPINNING}::test_a_loop_that_does_not_is_noticed",
            f"{SPINNING}::test_an_unbounded_loop_ends_at_the_limit_and_leaves_the_proof_open",
            f"{SPINNING}::test_the_same_loop_written_as_a_wait_is_one_interleaving",
        ),
    ),
    8: Covered(
        "a deadlock is reported where somebody can go on",
        "loom#376, Fray#33, Fray#51, Fray#151, Fray#319",
        (
            f"{LIVES}::test_who_can_still_go_on_is_in_no_deadlock",
            f"{LIVES}::test_a_daemon_left_with_a_lock_that_main_wants_is_a_deadlock",
        ),
    ),
    9: Covered(
        "something but the schedule decides",
        "Shuttle#68, Shuttle#96, Fray#320, Coyote#308, Coyote#334",
        (
            "tests/test_verify.py::test_nondeterminism_is_noticed",
            f"{MISUSE}::test_state_kept_between_executions_is_nondeterminism_and_the_first_step_that_differs_is_shown",
            "tests/engine/test_watchdog.py::test_a_real_lock_deadlock_is_a_stall_with_every_stack",
            "tests/test_determinism.py::test_digests_do_not_depend_on_the_hash_seed_or_optimisation",
        ),
    ),
    10: Covered(
        "the scheduling point stands behind the operation",
        "Shuttle#216, frontrun#24",
        (
            f"{LIVES}::test_a_notification_before_the_wait_is_lost_and_none_after_it",
            f"{COUNTS}::test_a_family_of_programs_follows_its_formula",
            f"{OUTCOMES}::test_a_thread_that_loads_first_is_still_overtaken",
        ),
    ),
    11: Covered(
        "a thread is known by something that differs between executions",
        "Shuttle (signatures of tasks)",
        (
            f"{SURW}::test_an_object_keeps_its_name_wherever_in_the_execution_it_is_made",
            f"{CONFLICTS}::test_objects_and_threads_made_by_several_threads_at_once_add_no_interleavings",
            f"{INTERLEAVINGS}::test_programs_whose_threads_start_each_other_are_counted_exactly",
        ),
    ),
    12: Covered(
        "the length that pct draws its points from is that of a short execution",
        "Fray, Shuttle, SURW's library",
        (
            f"{TEXTS}::test_pilots_take_the_longest",
            f"{TEXTS}::test_pct_measures_its_length_on_pilots_and_prints_it",
            f"{SHARES}::test_pct_of_the_right_depth_keeps_its_promise",
        ),
    ),
    13: Covered(
        "the weights of surw come from a short execution, or locks are no objects to it",
        "SURW's library",
        (
            f"{MEASURED}::test_a_profile_is_that_of_the_longest_pilot_for_each_thread",
            f"{SURW}::test_only_what_two_threads_touch_and_one_modifies_is_interesting",
        ),
    ),
    14: Covered(
        "uniformity is expected where threads block",
        "simulation of a uniform random walk",
        (f"{SURW}::test_every_order_of_the_interesting_events_is_equally_likely",),
    ),
    15: Covered(
        "a bound on preemptions makes a reversal too dear that has a cheap form",
        "Coons, Musuvathi, McKinley: Bounded partial-order reduction, OOPSLA 2013",
        (
            f"{BOUNDS}::test_no_interleaving_within_the_bound_is_missed",
            "tests/dpor/test_bounded.py::test_any_program_is_explored_within_the_bound",
        ),
    ),
    16: Covered(
        "it is not said what is counted",
        "Concuerror (equal stores commute: 18 and 8 for 22 and 12), GenMC (equal threads are one)",
        (
            f"{OUTCOMES}::test_equal_values_stored_are_two_orders_and_equal_threads_are_not_one",
            f"{COUNTS}::test_a_family_of_programs_follows_its_formula",
        ),
    ),
    17: Covered(
        "what is left of a deadlocked execution disturbs the next",
        "loom#236, Fray#66",
        (
            f"{LIVES}::test_deadlocked_executions_leave_no_thread_and_change_nothing_in_the_next",
            f"{LIVES}::test_what_a_stuck_thread_does_while_it_is_unwound_is_no_part_of_the_execution",
            "tests/engine/test_tear_down.py::test_no_os_threads_pile_up",
            "tests/engine/test_tear_down.py::test_at_tear_down_every_operation_raises_again",
        ),
    ),
}
