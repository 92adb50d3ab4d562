"""Very many rows by SQL alone, without history: they are there to be listed and added up."""

from contextlib import contextmanager
from decimal import Decimal

from django.db import connection, models

from models.audit.install import install_guards


def _constant(field):
    """SQL for a column that the caller leaves alone: the field's default, else empty."""
    if not field.has_default() and (field.is_relation or field.null):
        return "NULL"
    if isinstance(field, models.DateTimeField):
        return "now()"
    if isinstance(field, models.DateField):
        return "current_date"
    if isinstance(field, models.JSONField):
        return "'{}'"
    value = field.get_default()
    if isinstance(value, bool | int | Decimal):
        return str(value)
    return "'" + str(value or "").replace("'", "''") + "'"


def insert(model, columns, source, parameters=()):
    """INSERT … SELECT: `columns` {column name: SQL over `source`}; every other column gets its default."""
    rest = {f.column: _constant(f) for f in model._meta.concrete_fields if not f.primary_key and f.column not in columns}
    names, values = zip(*(rest | columns).items(), strict=True)
    table = connection.ops.quote_name(model._meta.db_table)
    quoted = ", ".join(connection.ops.quote_name(name) for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({quoted}) OVERRIDING SYSTEM VALUE SELECT {', '.join(values)} FROM {source}", list(parameters))


@contextmanager
def unguarded(*tables):
    """Without triggers inside; guarded as before, and with fresh statistics, after it."""
    with connection.cursor() as cursor:
        for model in tables:
            cursor.execute(f'ALTER TABLE "{model._meta.db_table}" DISABLE TRIGGER USER')
        yield
        install_guards(connection)
        for model in tables:
            cursor.execute(f'ANALYZE "{model._meta.db_table}"')
