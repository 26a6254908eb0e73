"""The first thing that a user tries."""

from machine import PROJECT


def test_the_demo_ends_well_within_two_minutes(start):
    demo = start([PROJECT / "bulkhead", "demo"], seconds=120)
    demo.see_end()
