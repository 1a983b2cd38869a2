"""The interpreter's end, forks, threads and collections: nothing crashes, nothing is said, nothing is lost."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest


def run(code: str) -> str:
    """What a program writes; it must end well and write nothing to stderr."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-W", "error", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


HISTORIES = {
    "plain": "",
    "recorded": "memory.record_history(max_entries=50, depth=3)",
    "logged": "memory.set_allocator(memory.LogAllocator(memory.current.allocator, write=lines.append))",
    "poisoned": "memory.set_allocator(memory.PoisonAllocator(memory.current.allocator))",
    "on a device": "memory.set_allocator(memory.DeviceCachingAllocator(memory.HostDevice()))",
    "limited": "memory.set_limit(1 << 26)",
}


@pytest.mark.parametrize("setup", HISTORIES.values(), ids=HISTORIES)
def test_tensors_may_outlive_everything(setup: str) -> None:
    output = run(
        f"""
        import atexit, gc, sys, threading
        import tensorlab as tl
        from tensorlab import memory

        lines = []
        {setup}
        in_globals = tl.empty(1000)
        views = [in_globals[1:], in_globals.view(10, 100)]
        cut_from_a_segment = [tl.empty(count) for count in (300_000, 2_000_000, 5_000_000)]
        del cut_from_a_segment[1]

        class Cycle:
            def __init__(self):
                self.me = self
                self.tensor, self.large = tl.empty(300), tl.empty(400_000)

            def __del__(self):
                tl.empty(10), tl.empty(700_000)  # a finaliser that allocates

        gc.collect()
        gc.disable()
        cycles = [Cycle() for _ in range(3)]
        del cycles

        late = []
        atexit.register(lambda: late.append(tl.empty(77)))
        atexit.register(late.append, tl.empty(78))

        local = threading.local()
        local.tensor = tl.empty(50)
        started, end = threading.Event(), threading.Event()

        def work():
            local.tensor = tl.empty(60)
            started.set()
            end.wait()

        threading.Thread(target=work, daemon=True).start()
        started.wait()

        class Keeper(type(sys)):
            pass

        kept = Keeper("kept")
        kept.tensor = tl.empty(90)
        sys.modules["kept"] = kept
        kept.itself = kept
        builtins_held = __builtins__
        builtins_held.held_to_the_last = tl.empty(91)
        default = tl.empty(92)
        def uses(x=default): return x
        print("done")
        """
    )
    assert output == "done\n"


def test_logging_to_the_end(tmp_path: object) -> None:
    output = run(
        f"""
        import logging
        import tensorlab as tl
        from tensorlab import memory

        logging.basicConfig(filename={str(tmp_path)!r} + "/log.txt", level=logging.DEBUG)
        memory.set_allocator(memory.LogAllocator(memory.current.allocator))
        kept = tl.empty(1000)
        cycle = [tl.empty(10)]
        cycle.append(cycle)
        print("done")
        """
    )
    assert output == "done\n"


FORK = """
    import gc, os, sys, threading
    import tensorlab as tl
    from tensorlab import memory

    memory.record_history()
    kept = tl.empty(400_000)
    kept.numpy()[:] = 1
    small = [tl.empty(10) for _ in range(50)]
    stop = threading.Event()

    def busy():
        while not stop.wait(1e-4):
            for _ in range(20):
                tl.empty(64), tl.empty(5000), tl.empty(300_000)

    threads = [threading.Thread(target=busy, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    codes = []
    for _ in range(5):
        child = os.fork()
        if child == 0:
            before = memory.memory_allocated()
            assert kept.numpy().sum() == 400_000
            kept = None
            small.clear()
            assert memory.memory_allocated() < before
            again = [tl.empty(10) for _ in range(50)] + [tl.empty(400_000)]
            again[-1].numpy()[:] = 2
            assert again[-1].numpy().sum() == 800_000
            memory.snapshot(), memory.summary(), memory.empty_cache()
            gc.collect()
            os._exit(0)
        codes.append(os.waitpid(child, 0)[1])
    stop.set()
    for thread in threads:
        thread.join()
    assert kept.numpy().sum() == 400_000
    print(codes)
"""


def test_a_forked_child_frees_and_allocates() -> None:
    assert run(FORK) == f"{[0] * 5}\n"


def test_a_child_ends_in_its_own_time() -> None:
    output = run(
        """
        import os, sys
        import tensorlab as tl
        from tensorlab import memory

        memory.record_history()
        kept = tl.empty(1000)
        sys.stdout.flush()
        child = os.fork()
        made = tl.empty(500)
        if child:
            assert os.waitpid(child, 0)[1] == 0
            print("done")
        """
    )
    assert output == "done\n"


def test_records_are_whole_with_threads_and_collections() -> None:
    output = run(
        """
        import gc, sys, threading
        from tensorlab import memory
        from tensorlab.memory import current

        sys.setswitchinterval(1e-6)
        gc.set_threshold(3)
        gc.freeze()
        history = memory.record_history(max_entries=1_000_000)

        class Owner:
            def __init__(self, nbytes):
                self.data = current.allocate(nbytes)
                self.me = self

            def __del__(self):
                self.data.deleter(self.data)

        def work(index):
            for step in range(300):
                Owner(64 + 1000 * (step % 7) << step % 2 * 10)  # up to 6 MB
                if step % 100 == 0:
                    memory.snapshot(), memory.summary(), memory.empty_cache()

        threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        gc.collect()
        events = history.events()
        live = {}
        for event in events:
            if event.action == "alloc":
                assert event.address not in live, "given twice"
                live[event.address] = event.nbytes
            elif event.action == "free_completed":
                assert live.pop(event.address) == event.nbytes
        stats = memory.stats()
        assert not live and stats.live_blocks == stats.allocated_bytes == 0, (len(live), stats)
        assert sum(event.action == "alloc" for event in events) == stats.total_blocks == 1200
        held = sum(segment.nbytes for segment in memory.held_segments())
        assert held == memory.memory_reserved() == stats["reserved_bytes.all.current"]
        got = sum(event.nbytes for event in events if event.action == "segment_alloc")
        given = sum(event.nbytes for event in events if event.action == "segment_free")
        assert got - given == held
        print("done")
        """
    )
    assert output == "done\n"
