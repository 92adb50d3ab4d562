"""How a list, a picker and the command search find records by a few typed characters."""

from math import sqrt
from random import Random

from django.db.models import Max, Q

from models.base import policy
from models.base.search import MOST_WORDS, SearchableRecord, found, may_search, words_of
from models.base.search_index import query_pieces
from models.base.search_statistics import expected_share


def searched(rows, term, user, paths):
    """The rows that a text may mean: by the search column where the model has one, else by the fields and keys of `paths`.

    A key is searched among the targets the person may see, so that a search tells nothing about others.
    """
    term = term.strip()
    if not term:
        return rows
    model = rows.model
    if may_search(user, model):
        return rows.filter(found(term))
    condition = _in_seen_fields(model, term, user)
    for path in paths:
        if policy.is_readable_path(user, model, path):
            condition |= _at(model, path, term, user)
    return rows.filter(condition)


def _in_seen_fields(model, term, user):
    """Where somebody may not see all that the search column holds: in those of its fields that he sees."""
    condition = Q(pk__in=[])
    for name in getattr(model, "SEARCH_FIELDS", ()) if issubclass(model, SearchableRecord) else ():
        if policy.may_see(user, model, name):
            condition |= _words(name, term)
    return condition


def _at(model, path, term, user):
    field = model._meta.get_field(path) if "__" not in path else None
    if field is not None and field.is_relation:
        targets = policy.scope(user, field.related_model)
        inner = _meant(field.related_model, term, user)
        return Q(**{f"{path}__in": targets.filter(inner).order_by().values("pk")})
    return _words(path, term)


def _meant(model, term, user):
    if not issubclass(model, SearchableRecord):
        return _words("name", term)
    return found(term) if may_search(user, model) else _in_seen_fields(model, term, user)


def _words(path, term):
    condition = Q()
    for word in term.split()[:MOST_WORDS]:
        condition &= Q(**{f"{path}__icontains": word})
    return condition


class Walk:
    """A search for something common in a large table: its first rows are met early on the way through the list in its own order.

    `rows`: the ordered list without the search. Answers None or 0 where the way would be long; the index is the way then.
    """

    LONGEST, LARGEST_SAMPLE, HITS = 20_000, 4_000, 60

    def __init__(self, rows, term, share):
        self.rows, self.term, self.share = rows, term, share

    @classmethod
    def of(cls, rows, term, user):
        """The Walk for a person's search, or None where the index is quicker."""
        model = rows.model
        if not may_search(user, model):
            return None
        pieces = [piece for word in words_of(term) for piece in query_pieces(word)]
        share = expected_share(rows.db, model._meta.db_table, pieces)
        return cls(rows, term, share) if share else None

    def first(self, count):
        """The first `count` rows, all of them, or None where fewer were met on the way."""
        length = min(self.LONGEST, int(2 * count / self.share) + 500)
        way = self.rows.values("pk")[:length]
        met = list(self.rows.filter(found(self.term, lookup="contains"), pk__in=way)[:count])
        return met if len(met) == count else None

    def surely_more_than(self, *limits):
        """The first of `limits` that a sample of the table leaves no doubt about (six standard deviations): more rows are meant. Or 0."""
        last = self.rows.model._base_manager.aggregate(last=Max("pk"))["last"] or 1
        size = min(self.LARGEST_SAMPLE, int(self.HITS / self.share), last)
        keys = Random(last).sample(range(1, last + 1), size)
        hits = self.rows.order_by().filter(found(self.term, lookup="contains"), pk__in=keys).count()
        expected = ((limit, size * limit / last) for limit in limits)
        return next((limit for limit, average in expected if hits > average + 6 * sqrt(average) + 6), 0)
