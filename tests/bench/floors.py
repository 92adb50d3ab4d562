"""The floor of a write: the same rows put into copies of the same tables by raw SQL in one transaction, with and without history rows.

The copies have the originals' indexes and constraints but no triggers; every repetition takes new keys.
"""

import statistics
import time

from django.db import connection, transaction
from psycopg.types.json import Jsonb


class Floor:
    """Rows an operation wrote, to be written again: `rows` is [(table, key column, [rows as dictionaries])]."""

    def __init__(self):
        self.parts, self.shift = [], 10_000_000

    def add(self, model, queryset):
        """Take the rows of `queryset`, and as history one row for each."""
        self._take(model._meta.db_table, queryset.order_by("pk").values_list("pk", flat=True), is_history=False)
        if hasattr(model, "history"):
            history = model.history.model
            keys = history.objects.filter(id__in=list(queryset.values_list("pk", flat=True))).values_list("history_id", flat=True)
            self._take(history._meta.db_table, keys, is_history=True)

    def _take(self, table, keys, is_history):
        keys, key = list(keys), "history_id" if is_history else "id"
        if not keys:
            return
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE TABLE IF NOT EXISTS "floor_{table}" (LIKE "{table}" INCLUDING ALL)')
            cursor.execute(f'SELECT * FROM "{table}" WHERE {key} = ANY(%s)', [keys])
            columns = [one.name for one in cursor.description]
            rows = [[Jsonb(value) if isinstance(value, dict | list) else value for value in row] for row in cursor.fetchall()]
        self.parts.append((f"floor_{table}", columns, columns.index(key), rows, is_history))

    def seconds(self, history, rounds=15):
        """The median time of one transaction that writes everything."""
        times = []
        for _round in range(rounds):
            prepared = [self._shifted(part) for part in self.parts if history or not part[4]]
            start = time.perf_counter()
            with transaction.atomic(), connection.cursor() as cursor:
                for statement, rows in prepared:
                    cursor.executemany(statement, rows)
            times.append(time.perf_counter() - start)
        return statistics.median(times)

    def _shifted(self, part):
        table, columns, key, rows, _is_history = part
        moved = []
        for row in rows:
            self.shift += 1
            fresh = list(row)
            fresh[key] = self.shift
            for index, name in enumerate(columns):
                if name in ("number", "code", "position") and index != key:
                    fresh[index] = f"F{self.shift}" if name != "position" else self.shift
            moved.append(fresh)
        names = ", ".join(f'"{name}"' for name in columns)
        holders = ", ".join(["%s"] * len(columns))
        # A unique pair of keys repeats itself when the same rows are written again: such a row is an update.
        return f'INSERT INTO "{table}" ({names}) OVERRIDING SYSTEM VALUE VALUES ({holders}) ON CONFLICT DO NOTHING', moved

    def drop(self):
        """Remove the copies."""
        with connection.cursor() as cursor:
            for table in {part[0] for part in self.parts}:
                cursor.execute(f'DROP TABLE IF EXISTS "{table}"')


def reading(sql, parameters=(), rounds=15):
    """The median time of a query with its rows fetched."""
    times = []
    with connection.cursor() as cursor:
        for _round in range(rounds):
            start = time.perf_counter()
            cursor.execute(sql, parameters)
            cursor.fetchall()
            times.append(time.perf_counter() - start)
    return statistics.median(times)
