"""How common the pieces of searched texts are in a large table, as PostgreSQL's own statistics tell.

An index finds rare texts at once. For a common one it would gather hundreds of thousands of rows to show the first 25, so whoever
searches must know beforehand which it is. SQLite and small tables need none of this: there the answer is always "not common".
"""

from math import prod
from time import monotonic

from django.db import connections

LARGE = 200_000  # rows below which reading all candidates is quick
KEPT_FOR = 600  # seconds; autovacuum renews the statistics about as often
SMALL_FOR = 60  # seconds until a small table is looked at again: an import may have made it large
COMMON = 0.005  # of the rows
USELESS = 0.3  # a piece in more of the rows than this finds nothing that a rarer one does not

ENOUGH = 4

_STATISTICS = """
SELECT piece, share FROM pg_stats,
       ROWS FROM (unnest(most_common_elems::text::text[]), unnest(most_common_elem_freqs)) AS one (piece, share)
WHERE tablename = %s AND schemaname = ANY (current_schemas(false)) AND piece IS NOT NULL"""

_kept = {}


def shares(alias, table):
    """{piece: share of the rows} of the pieces common enough to be in the statistics; empty for a table that is not large."""
    connection = connections[alias]
    if connection.vendor != "postgresql":
        return {}
    key = (connection.settings_dict["NAME"], table)
    until, found = _kept.get(key, (0, {}))
    if until < monotonic():
        found = _read(connection, table)
        _kept[key] = (monotonic() + (KEPT_FOR if found else SMALL_FOR), found)
    return found


def _read(connection, table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = to_regclass(%s)", [connection.ops.quote_name(table)])
        row = cursor.fetchone()
        if row is None or row[0] < LARGE:
            return {}
        cursor.execute(_STATISTICS, [f"{table}_search"])
        return dict(cursor.fetchall())


def worth_asking(alias, table, wanted, everything):
    """The pieces to ask the index for: of a large table's the few rarest among all that a text has, else just those `wanted`."""
    known = shares(alias, table)
    if not known:
        return wanted
    worth = sorted((known.get(piece, 0), piece) for piece in everything if known.get(piece, 0) < USELESS)
    return [piece for _share, piece in worth[:ENOUGH]] or wanted


def expected_share(alias, table, wanted):
    """The share of the rows that have all these pieces, as if they came independently; 0 where it is not common."""
    known = shares(alias, table)
    each = [known.get(piece, 0) for piece in wanted]
    return prod(each) if known and wanted and min(each) >= COMMON else 0
