"""One search column per record: name, code, phone and pinyin initials in lower case, found by any part from two characters on."""

import re
import unicodedata

from django.db import models
from django.db.models import Q

from models.base import policy
from models.base.records import Record
from models.base.search_index import encoded, index_table, pieces, query_pieces
from models.base.search_statistics import worth_asking

MOST_WORDS = 8
CHINESE = re.compile("[\u4e00-\u9fff]")


def initials(text):
    """The pinyin initials of Chinese characters and the plain rest of the text: 杭州启衡 → hzqh. "" where there is no Chinese."""
    if not CHINESE.search(text):
        return ""
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER, errors="ignore")).lower()


def normalised(text):
    """Text as it is searched: full-width forms made plain, lower case, single spaces."""
    text = str(text or "")
    return " ".join((text if text.isascii() else unicodedata.normalize("NFKC", text)).lower().split())


class SearchField(models.TextField):
    """The search column; `search_text__found="杭州"` uses its index."""

    def deconstruct(self):
        name, _path, arguments, named = super().deconstruct()
        return name, "django.db.models.TextField", arguments, named


@SearchField.register_lookup
class Found(models.lookups.Lookup):
    """The column contains the text. From two characters on the index finds the candidates; LIKE has the last word."""

    lookup_name = "found"
    prepare_rhs = False

    def as_sql(self, compiler, connection):
        column, parameters = compiler.compile(self.lhs)
        text = normalised(self.rhs)
        like = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        exact, arguments = f"{column} LIKE %s ESCAPE '\\'", [f"%{like}%"]
        wanted = query_pieces(text)
        if not wanted:
            return exact, [*parameters, *arguments]
        if connection.vendor == "postgresql":
            wanted = worth_asking(connection.alias, self.lhs.target.model._meta.db_table, wanted, pieces(text))
            return f"(backoffice_pieces({column}) @> %s::text[] AND {exact})", [*parameters, wanted, *parameters, *arguments]
        index = index_table(self.lhs.target.model._meta.db_table)
        key = f"{connection.ops.quote_name(self.lhs.alias)}.{connection.ops.quote_name(self.lhs.target.model._meta.pk.column)}"
        match = " AND ".join(f'"{token}"' for token in encoded(wanted).split())
        return f"({key} IN (SELECT rowid FROM {index} WHERE {index} MATCH %s) AND {exact})", [match, *parameters, *arguments]


def words_of(text):
    """The words that are searched for one by one."""
    return normalised(text).split()[:MOST_WORDS]


def found(text, path="search_text", lookup="found"):
    """A condition: every word of `text` is somewhere in the search column at `path` (e.g. "customer__search_text").

    With lookup="contains" the index is left alone: for rows that are already few.
    """
    condition = Q()
    for word in words_of(text):
        condition &= Q(**{f"{path}__{lookup}": word})
    return condition


def may_search(user, model):
    """May the person search by the search column: does he see every field it is made of? Else it would tell what is hidden."""
    return issubclass(model, SearchableRecord) and all(policy.may_see(user, model, name) for name in ("search_text", *model.SEARCH_FIELDS))


class SearchableRecord(Record):
    """A record found by the texts of SEARCH_FIELDS; SEARCH_NAMES among them also by pinyin initials."""

    SEARCH_FIELDS = ("code", "name")
    SEARCH_NAMES = ("name",)

    search_text = SearchField(editable=False, default="", blank=True)

    class Meta:
        abstract = True

    def compute_search_text(self):
        """Set search_text from the other columns; bulk writers call it for each row."""
        parts = [normalised(getattr(self, name)) for name in self.SEARCH_FIELDS]
        parts += [initials(str(getattr(self, name) or "")) for name in self.SEARCH_NAMES]
        self.search_text = " ".join(dict.fromkeys(part for part in parts if part))

    def save(self, *args, update_fields=None, **kwargs):
        self.compute_search_text()
        if update_fields is not None:
            update_fields = {*update_fields, "search_text"}
        super().save(*args, update_fields=update_fields, **kwargs)
