"""History: the last row of a record is the record, for every tracked table, compared by the database in sets."""

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models.base.triggers import guards_of_all_models
from models.base.verification import Finding, check

SHOWN = 20  # rows of a table that are named one by one


@check(gettext_lazy("live rows = last rows of the history"))
def history_is_the_present():
    """Every live row equals its last history row, every record without a live row ends with its deletion."""
    for guard in guards_of_all_models().values():
        if guard.history:
            yield from _of_table(guard)


def _of_table(guard):
    quoted = connection.ops.quote_name
    key = quoted("id" if "id" in guard.columns else guard.columns[0])
    columns = ", ".join(quoted(column) for column in guard.tracked_columns)
    history, table = quoted(guard.history), quoted(guard.table)
    last = f"SELECT max(history_id) FROM {history} GROUP BY {key}"
    recorded = f"SELECT {columns} FROM {history} WHERE history_id IN ({last}) AND history_type <> '-'"
    live = f"SELECT {columns} FROM {table}"
    for one, other, sentence in (
        (live, recorded, _("The row is not what its history says.")),
        (recorded, live, _("The history tells of a row that is not there like this.")),
    ):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {key} FROM ({one} EXCEPT {other}) wrong ORDER BY 1")
            keys = [found for (found,) in cursor.fetchmany(SHOWN + 1)]
        for found in keys[:SHOWN]:
            yield Finding(guard.label, f"{guard.label} {found}", sentence)
        if len(keys) > SHOWN:
            yield Finding(guard.label, guard.label, _("Further rows of this table differ."))
