"""How a list, a picker and the command search find records by a few typed characters."""

from django.db.models import Q

from models.base import policy
from models.base.search import SearchableRecord, found

MOST_WORDS = 8


def searched(rows, term, user, paths):
    """The rows that a text may mean: by the search column where the model has one, else by the fields and keys of `paths`.

    A key is searched among the targets the person may see, so that a search tells nothing about others.
    """
    term = term.strip()
    if not term:
        return rows
    model = rows.model
    if issubclass(model, SearchableRecord) and policy.may_see(user, model, "search_text"):
        return rows.filter(found(term))
    condition = Q(pk__in=[])
    for path in paths:
        if policy.is_readable_path(user, model, path):
            condition |= _at(model, path, term, user)
    return rows.filter(condition)


def _at(model, path, term, user):
    field = model._meta.get_field(path) if "__" not in path else None
    if field is not None and field.is_relation:
        targets = policy.scope(user, field.related_model)
        inner = found(term) if issubclass(field.related_model, SearchableRecord) else _words("name", term)
        return Q(**{f"{path}__in": targets.filter(inner).order_by().values("pk")})
    return _words(path, term)


def _words(path, term):
    condition = Q()
    for word in term.split()[:MOST_WORDS]:
        condition &= Q(**{f"{path}__icontains": word})
    return condition
