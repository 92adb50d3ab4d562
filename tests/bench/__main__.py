"""python -m tests.bench [--cases C1,C3] [--large 5000000]: run the cases and print one JSON line each.

Started by `make bench`, which lends a PostgreSQL server through BACKOFFICE_TEST_POSTGRES_URL.
"""

import argparse
import os
import sys
import tempfile
import time
import uuid

from tests.postgres import VARIABLE

CASES = ("C0", "C1", "C2", "C3", "C6", "C7", "C8")  # C2 brings C4, C4hot and C5


def _database():
    """A database of its own on the lent server; its address."""
    import psycopg

    server = os.environ.get(VARIABLE) or sys.exit(f"{VARIABLE} names no server: make bench starts one")
    name = f"bench_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    base, _slash, rest = server.rpartition("/")
    return f"{base}/{name}" + (f"?{rest.split('?', 1)[1]}" if "?" in rest else "")


def calculation():
    """C0: a fixed loop, so that runs on different days can be compared."""
    from tests.bench.measuring import milliseconds, show

    start, cpu, total = time.perf_counter(), time.process_time(), 0
    for number in range(3_000_000):
        total += number * number % 7
    show("C0", wall_ms=milliseconds(time.perf_counter() - start), cpu_ms=milliseconds(time.process_time() - cpu), check=total)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", default=",".join(CASES))
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--large", type=int, default=5_000_000, help="customers and order lines of C8")
    options = parser.parse_args()
    wanted = set(options.cases.split(","))
    os.environ["BACKOFFICE_DATABASE_URL"] = _database()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings")
    with tempfile.TemporaryDirectory(prefix="backoffice-bench-") as folder:
        os.environ["BACKOFFICE_VAR"] = folder
        import django

        django.setup()
        run(wanted, options)


def run(wanted, options):
    from django.core.management import call_command

    from backoffice.translations import compile_translations
    from tests.bench import company, documents, imports, lists, reports
    from tests.bench.browser import Browser
    from tests.bench.measuring import milliseconds, show
    from tests.bench.server import running

    compile_translations()
    call_command("migrate", verbosity=0)
    company.prepare()
    environment = dict(os.environ)
    if "C0" in wanted:
        calculation()
    if "C1" in wanted:
        imports.run(environment)
    with running(environment) as server:

        def sign_in():
            return Browser(server.address, "bench", company.PASSWORD)

        if "C7" in wanted:
            start = time.monotonic()
            sign_in().get(lists.LIST)
            memory = server.memory()
            show("C7", start_seconds=round(server.started_in, 2), first_list_ms=milliseconds(time.monotonic() - start), rss_pss_mib=memory)
        if "C2" in wanted:
            documents.run(server, sign_in)
        small_lists = small_charts = None
        if wanted & {"C3", "C8"}:
            company.add_customers(options.customers)
            small_lists = lists.pages(server, sign_in)
        if wanted & {"C6", "C8"}:
            reports.add_orders(options.orders)
            small_charts = reports.charts(server, sign_in())
        if "C7" in wanted:
            show("C7", after="all small cases", rss_pss_mib=server.memory())
        if "C8" in wanted:
            company.add_customers(options.large - options.customers, first=options.customers + 1)
            large_lists = lists.pages(server, sign_in, case="C8")
            reports.add_orders(options.large // 5)
            large_charts = reports.charts(server, sign_in(), case="C8")
            for name, before in (small_lists | small_charts).items():
                after = (large_lists | large_charts)[name]
                show("C8", what=f"{name}: growth", small_ms=before, large_ms=after, ratio=round(after / before, 2))


if __name__ == "__main__":
    main()
