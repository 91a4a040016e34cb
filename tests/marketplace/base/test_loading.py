import gc
import subprocess
import sys

from marketplace.base.loading import loading


def test_what_is_loaded_is_looked_at_no_more_and_the_collector_goes_on() -> None:
    before = gc.get_freeze_count()
    with loading():
        assert not gc.isenabled()
        kept = [[number] for number in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(kept)


def test_a_worker_loads_neither_numba_nor_ortools() -> None:
    # the engine runs in a process of its own; loaded here it would cost each worker 80 MB and most of a second
    program = "import sys, marketplace.worker\nprint(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(told.stdout.split()) & {"numba", "ortools"} == set()
