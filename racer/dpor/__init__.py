"""Optimal dynamic partial order reduction: every happens-before class of a test, each executed once.

Source: Abdulla, Aronis, Jonsson, Sagonas: "Optimal dynamic partial order reduction", POPL 2014, and "Source Sets: A
Foundation for Optimal Dynamic Partial Order Reduction", JACM 64(4), 2017 (wakeup trees; locks).
"""
