"""The index behind the search column: any part from two characters on, Chinese or not, found without reading the table.

Texts are cut into overlapping pieces: pairs of any characters, and triples where all three are plain ASCII (pairs of digits are
too common to help). PostgreSQL keeps them in a GIN index over a function; SQLite in an FTS5 table filled by triggers.
"""

from contextlib import contextmanager
from contextvars import ContextVar

from django.apps import apps
from django.db import connection

_cut = ContextVar("cut", default=None)

# A loop over the characters: three times faster than set operations, and it runs for every row that is written.
_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION backoffice_pieces(t text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
  characters text[] := string_to_array(t, NULL);
  last int := coalesce(array_length(characters, 1), 0);
  found text[] := '{}';
  a text; b text; c text;
BEGIN
  FOR i IN 1 .. last - 1 LOOP
    a := characters[i]; b := characters[i + 1];
    CONTINUE WHEN a = ' ' OR b = ' ';
    found := found || (a || b);
    CONTINUE WHEN i + 2 > last OR ascii(a) NOT BETWEEN 33 AND 126 OR ascii(b) NOT BETWEEN 33 AND 126;
    c := characters[i + 2];
    IF ascii(c) BETWEEN 33 AND 126 THEN
      found := found || (a || b || c);
    END IF;
  END LOOP;
  RETURN found;
END
$$"""


def pieces(text):
    """All pieces of a text, as stored."""
    found = {text[i : i + 2] for i in range(len(text) - 1)}
    found |= {text[i : i + 3] for i in range(len(text) - 2) if text[i : i + 3].isascii()}
    return {piece for piece in found if " " not in piece}


def query_pieces(word):
    """The fewest pieces that a text containing `word` must have; empty for one character."""
    if len(word) < 2:
        return []
    wanted, covered = [], 0
    while covered < len(word):
        start = max(0, min(covered, len(word) - 2))
        triple = word[max(0, min(covered, len(word) - 3)) :][:3]
        if len(word) >= 3 and triple.isascii() and len(triple) == 3:
            start = max(0, min(covered, len(word) - 3))
            wanted.append(word[start : start + 3])
            covered = start + 3
        else:
            wanted.append(word[start : start + 2])
            covered = start + 2
    return list(dict.fromkeys(wanted))


def encoded(text):
    """Pieces as tokens FTS5 does not touch: hexadecimal code points."""
    return " ".join("x" + "".join(f"{ord(character):x}z" for character in piece) for piece in sorted(text))


def sqlite_pieces(text):
    """What the triggers store for a search column; registered as search_pieces()."""
    return (_cut.get() or {}).get(text) or encoded(pieces(text or ""))


@contextmanager
def cut_ahead(texts):
    """Cut these texts now, for the rows that are written inside: on SQLite everybody waits for whoever writes."""
    token = _cut.set({text: sqlite_pieces(text) for text in texts})
    try:
        yield
    finally:
        _cut.reset(token)


def searchable_models():
    """Every model with a search column."""
    from models.base.search import SearchableRecord

    return [model for model in apps.get_models() if issubclass(model, SearchableRecord)]


def index_table(table):
    """The name of a table's FTS5 companion."""
    return f"{table}_search"


def install(**_signal):
    """Create what is missing. Idempotent; called after every migrate."""
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        models = [model for model in searchable_models() if model._meta.db_table in tables]
        if connection.vendor == "postgresql":
            _install_postgresql(cursor, models)
        elif connection.vendor == "sqlite":
            _install_sqlite(cursor, models)


def _install_postgresql(cursor, models):
    if not models:
        return
    cursor.execute("SELECT 1 FROM pg_proc WHERE proname = 'backoffice_pieces'")
    if not cursor.fetchone():
        cursor.execute(_POSTGRESQL_FUNCTION)
    for model in models:
        table = model._meta.db_table
        cursor.execute(f'CREATE INDEX IF NOT EXISTS {table}_search ON "{table}" USING gin (backoffice_pieces(search_text))')


def _install_sqlite(cursor, models):
    for model in models:
        table = model._meta.db_table
        index = index_table(table)
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = %s", [index])
        is_new = not cursor.fetchone()
        if is_new:
            cursor.execute(f"CREATE VIRTUAL TABLE {index} USING fts5(pieces, content='', detail=none, tokenize='ascii')")
        remove = f"INSERT INTO {index}({index}, rowid, pieces) VALUES ('delete', OLD.id, search_pieces(OLD.search_text))"
        add = f"INSERT INTO {index}(rowid, pieces) VALUES (NEW.id, search_pieces(NEW.search_text))"
        for name, event, body in (
            ("insert", "AFTER INSERT ON", add),
            ("update", "AFTER UPDATE OF search_text ON", f"{remove}; {add}"),
            ("delete", "AFTER DELETE ON", remove),
        ):
            when = "WHEN NEW.search_text IS NOT OLD.search_text" if name == "update" else ""
            cursor.execute(f'CREATE TRIGGER IF NOT EXISTS {index}_{name} {event} "{table}" {when} BEGIN {body}; END')
        if is_new:
            cursor.execute(f'INSERT INTO {index}(rowid, pieces) SELECT id, search_pieces(search_text) FROM "{table}"')


def prepare_connection(connection, **_signal):
    """Teach a new SQLite connection the function that the triggers call."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("search_pieces", 1, sqlite_pieces, deterministic=True)
