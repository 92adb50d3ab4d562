"""Adding many rows at once, with keys known beforehand: COPY on PostgreSQL, one prepared statement on SQLite.

Triggers write the history, keep the guards and fill the search index exactly as for one saved form. What a model's save() adds
(who made it, the company, the search text) is the caller's to set; `stamp` sets the part that every tracked record has.
"""


from django.db import connection, models
from django.utils import timezone

from models.base.actor import current_user

AT_ONCE = 500


def draw_keys(model, number):
    """`number` fresh primary keys of a table whose key the database counts. Inside a transaction; keys not used are lost."""
    if not number:
        return []
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)", [f'"{table}"', column, number])
            return [key for (key,) in cursor.fetchall()]
        quoted = connection.ops.quote_name
        cursor.execute(
            "SELECT max(coalesce((SELECT seq FROM sqlite_sequence WHERE name = %s), 0),"
            f" coalesce((SELECT max({quoted(column)}) FROM {quoted(table)}), 0))",
            [table],
        )
        first = cursor.fetchone()[0] + 1
        return list(range(first, first + number))


def give_keys(rows):
    """Give every unsaved row of one model its key, so that other rows may point at it before it is stored."""
    rows = [row for row in rows if row.pk is None]
    if rows:
        for row, key in zip(rows, draw_keys(type(rows[0]), len(rows)), strict=True):
            row.pk = key


def stamp(rows):
    """Set who made tracked rows, and when, as save() does."""
    user, now = current_user(), timezone.now()
    key = user.pk if user is not None and user.pk else None
    for row in rows:
        row.created_at = row.changed_at = now
        row.created_by_id, row.changed_by_id = row.created_by_id or key, key or row.changed_by_id


def insert_rows(rows, complete=None):
    """Store new rows of one model; those without a key get one. Raises IntegrityError, and then nothing is stored.

    `complete(row)` sets what is still missing; it is called while the database is already busy with the rows before.
    """
    rows = list(rows)
    if not rows:
        return rows
    model = type(rows[0])
    if hasattr(model, "created_by_id"):
        stamp(rows)
    if isinstance(model._meta.pk, models.AutoField):
        give_keys(rows)
    fields = [field for field in model._meta.local_concrete_fields if not isinstance(field, models.GeneratedField)]
    quoted = connection.ops.quote_name
    table, names = quoted(model._meta.db_table), ", ".join(quoted(field.column) for field in fields)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with connection.wrap_database_errors, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in _prepared_rows(fields, rows, complete):
                    copy.write_row(row)
        else:
            marks = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", _prepared_rows(fields, rows, complete))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
    return rows


def _prepared_rows(fields, rows, complete):
    """The values of the rows as the driver wants them, some at a time."""
    for start in range(0, len(rows), AT_ONCE):
        some = rows[start : start + AT_ONCE]
        if complete is not None:
            for row in some:
                complete(row)
        columns = [_prepared(field, [getattr(row, field.attname) for row in some]) for field in fields]
        yield from zip(*columns, strict=True)


# Values of these are what the driver wants already. (A key is prepared like the field it points at.)
PLAIN = (models.AutoField, models.CharField, models.TextField, models.IntegerField, models.BooleanField)
PLAIN_ON_POSTGRESQL = (*PLAIN, models.DecimalField, models.DateField, models.UUIDField)


def _prepared(field, values):
    target = field.target_field if field.is_relation else field
    if isinstance(target, PLAIN_ON_POSTGRESQL if connection.vendor == "postgresql" else PLAIN):
        return values
    try:
        known = {value: field.get_db_prep_save(value, connection) for value in set(values)}
    except TypeError:  # lists and dictionaries
        return [field.get_db_prep_save(value, connection) for value in values]
    return [known[value] for value in values]


def unsaved(model):
    """A function that makes unsaved rows of a model from a dictionary of attributes, several times faster than its constructor.

    Defaults are applied, those that count the time once for all; no signal is sent; names are attributes ("owner_id"), and are not checked.
    """
    fixed, computed = {}, []
    for field in model._meta.concrete_fields:
        fixed[field.attname] = field.get_default()
        if isinstance(fixed[field.attname], dict | list):  # not to be shared
            computed.append((field.attname, field.default))
    state = type(model()._state)

    def make(values):
        row = model.__new__(model)
        row.__dict__.update(fixed)
        for name, default in computed:
            if name not in values:
                row.__dict__[name] = default()
        row.__dict__.update(values)
        row._state = state()
        return row

    return make


