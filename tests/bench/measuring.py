"""Times and processor time of calls, one client or several, and the raw-SQL floor beside them."""

import json
import statistics
import threading
import time


def show(case, **figures):
    """One JSON line."""
    print(json.dumps({"case": case} | figures, ensure_ascii=False, default=str), flush=True)


def milliseconds(seconds):
    return round(seconds * 1000, 1)


def calls(server, work, items):
    """Run work(item) for each item, one after the other: {n, p50_ms, p95_ms, cpu_ms, per_second}."""
    times, cpu, start = [], server.cpu(), time.monotonic()
    for item in items:
        before = time.monotonic()
        work(item)
        times.append(time.monotonic() - before)
    whole = time.monotonic() - start
    return _summary(times, server.cpu() - cpu, whole)


def calls_at_once(server, works, lists):
    """Run several clients at the same time, each works[i](item) over lists[i]; errors are counted, not hidden."""
    times, errors, cpu = [], [], server.cpu()

    def client(work, items):
        for item in items:
            before = time.monotonic()
            try:
                work(item)
                times.append(time.monotonic() - before)
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}"[:200])

    threads = [threading.Thread(target=client, args=pair) for pair in zip(works, lists, strict=True)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    figures = _summary(times, server.cpu() - cpu, time.monotonic() - start)
    return figures | {"errors": len(errors)} | ({"first_error": errors[0]} if errors else {})


def _summary(times, cpu, whole):
    count = max(1, len(times))
    ordered = sorted(times) or [0]
    return {
        "n": len(times),
        "p50_ms": milliseconds(statistics.median(ordered)),
        "p95_ms": milliseconds(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]),
        "cpu_ms": milliseconds(cpu / count),
        "per_second": round(len(times) / whole, 2) if whole else 0,
    }


def with_ratio(figures, floor, name="floor_ms"):
    """The figures with a floor in seconds beside them and the ratio of the median to it."""
    return figures | {name: milliseconds(floor), name.replace("_ms", "_ratio"): round(figures["p50_ms"] / max(floor * 1000, 0.001), 1)}
