"""Writing a few columns of many rows in one statement, each row its own values: five times cheaper than a CASE per row."""

from django.db import connection
from django.utils import timezone

from models.base.actor import current_user


def write_columns(rows, names):
    """Store the columns `names` of `rows` (one model, all saved before), and who changed them when. The history is the triggers'."""
    rows = list(rows)
    if not rows:
        return
    model = type(rows[0])
    names = list(names)
    if hasattr(model, "changed_by_id"):
        user, now = current_user(), timezone.now()
        for row in rows:
            row.changed_at = now
            row.changed_by_id = user.pk if user is not None and user.pk else row.changed_by_id
        names += ["changed_at", "changed_by"]
    fields = [model._meta.get_field(name) for name in names]
    columns = [[field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows] for field in fields]
    keys = [row.pk for row in rows]
    quoted = connection.ops.quote_name
    table, key = quoted(model._meta.db_table), quoted(model._meta.pk.column)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(
                f"%s::{field.rel_db_type(connection) if field.is_relation else field.db_type(connection)}[]" for field in fields
            )
            sets = ", ".join(f"{quoted(field.column)} = v.c{index}" for index, field in enumerate(fields))
            aliases = ", ".join(f"c{index}" for index in range(len(fields)))
            rows_given = f"unnest(%s::{model._meta.pk.rel_db_type(connection)}[], {arrays}) AS v(key, {aliases})"
            statement = f"UPDATE {table} SET {sets} FROM {rows_given} WHERE {table}.{key} = v.key"
            cursor.execute(statement, [keys, *columns])
        else:
            sets = ", ".join(f"{quoted(field.column)} = %s" for field in fields)
            cursor.executemany(f"UPDATE {table} SET {sets} WHERE {key} = %s", list(zip(*columns, keys, strict=True)))
