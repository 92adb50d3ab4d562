"""Keys to other records, by what people call them: a code, a number, a name. Many at once, with a fixed number of queries."""

import json
from collections import defaultdict

from django.core.exceptions import FieldDoesNotExist
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext as _

from admin_config.spreadsheets.values import BadCell, as_text, folded
from models.base import policy
from models.base.records import Line

NAMING = ("code", "username", "number", "external_number", "document", "name", "short_name")
SMALL = 5_000  # tables up to this size are read whole, so that case and blanks need not fit


@models.Field.register_lookup
class Among(models.lookups.FieldGetDbPrepValueIterableMixin, models.lookups.BuiltinLookup):
    """`code__among=texts`: as `in`, but the values travel as one parameter, so there may be any number of them."""

    lookup_name = "among"

    def get_prep_lookup(self):
        return [value for value in super().get_prep_lookup() if value is not None]

    def as_sql(self, compiler, connection):
        column, parameters = compiler.compile(self.lhs)
        _marks, values = super().get_db_prep_lookup(self.rhs, connection)
        if connection.vendor == "postgresql":
            return f"{column} = ANY(%s)", [*parameters, list(values)]
        return f"{column} IN (SELECT value FROM json_each(%s))", [*parameters, json.dumps(list(values), cls=DjangoJSONEncoder)]


def among(model, name, values):
    """The filter “this column is one of the values” for any column, keys included."""
    field = model._meta.get_field(name) if name != "pk" else model._meta.pk
    return {f"{field.name}__pk__among" if field.is_relation else f"{field.name}__among": values}


def loaded(model, keys):
    """{key: record} of the keys, whoever may see them."""
    return {row.pk: row for row in model._base_manager.filter(pk__among=keys)}


def has_column(model, name):
    """True if the model has a concrete column of that name."""
    try:
        return model._meta.get_field(name).concrete
    except FieldDoesNotExist:
        return False


def naming_of(model):
    """The columns by which people name records of this model, the surest first."""
    return [name for name in NAMING if has_column(model, name)]


class Target:
    """The records a key column may point at, for one person. `attribute`: the one column it names them by, else any of NAMING."""

    def __init__(self, field, user, attribute=None):
        self.field, self.model, self.user = field, field.related_model, user
        self.attribute = attribute
        self.names = [attribute] if attribute else naming_of(self.model)
        self.verbose_name = self.model._meta.verbose_name

    @property
    def choices(self):
        """The records that may be chosen: in scope, and within the field's own limits."""
        query = policy.scope(self.user, self.model)
        limit = self.field.get_limit_choices_to()
        if isinstance(limit, models.Q):
            return query.filter(limit)
        return query.filter(**limit) if limit else query

    # -- texts to keys -------------------------------------------------------------------------------------------------

    def resolve(self, cells, companies=None):
        """The keys that the cells mean. Returns (values, {index: sentence}).

        `companies`: the company id of each row; where a text fits records of several companies, that of the row's own is meant.
        """
        texts, errors = [], {}
        for index, raw in enumerate(cells):
            try:
                texts.append(None if raw is None else as_text(raw))
            except BadCell as bad:
                texts.append(None)
                errors[index] = str(bad)
        found = self._find({text for text in texts if text is not None})
        values = []
        for index, text in enumerate(texts):
            value = None
            if text is not None:
                hits = found.get(text, ())
                if len(hits) > 1 and companies is not None:
                    hits = [hit for hit in hits if hit[1] == companies[index]] or hits
                if len(hits) == 1:
                    value = hits[0][0]
                else:
                    errors[index] = self._problem(text, len(hits))
            values.append(value)
        return values, errors

    def _problem(self, text, number):
        words = {"name": self.verbose_name, "text": text[:60]}
        if number:
            return _("There are several %(name)s called “%(text)s”; give the code.") % words
        return _("There is no %(name)s “%(text)s”, or you may not see it.") % words

    def _find(self, texts):
        """{text: [(key, company id or None)]}."""
        if not texts:
            return {}
        if issubclass(self.model, Line):
            return self._find_lines(texts)
        if has_column(self.model, "source_number") and has_column(self.model, "instalment"):
            return self._find_instalments(texts)
        if has_column(self.model, "labels"):
            return self._find_labelled(texts)
        if not self.names:
            return self._find_keys(texts)
        found = self._find_exact(texts)
        missing = texts - found.keys()
        if missing and policy.is_public(self.model):
            found |= self._find_loosely(missing)
        return found

    def _columns(self):
        return ["pk", "company_id"] if has_column(self.model, "company") else ["pk"]

    def _find_exact(self, texts):
        """By each naming column in turn; a later column is asked only for what the earlier ones did not know."""
        found = {}
        for name in self.names:
            missing = texts - found.keys()
            hits = defaultdict(dict)
            for text, key, *company in self.choices.filter(**{f"{name}__among": missing}).values_list(name, *self._columns()):
                hits[str(text)][key] = company[0] if company else None
            found |= {text: list(keys.items()) for text, keys in hits.items() if text}
        return found

    def _find_loosely(self, texts):
        """The same without regard to case, full-width forms and blanks; small tables only."""
        wanted, hits = {folded(text): text for text in texts}, {}
        rows = list(self.choices.values_list(*self._columns(), *self.names)[: SMALL + 1])
        if len(rows) > SMALL:
            return {}
        start = len(self._columns())
        for position in range(start, start + len(self.names)):
            step = defaultdict(list)
            for row in rows:
                text = wanted.get(folded(row[position])) if row[position] else None
                if text is not None and text not in hits:
                    step[text].append((row[0], row[1] if start == 2 else None))
            hits |= step
        return hits

    def _find_labelled(self, texts):
        """By code or by the label in any language."""
        by_code, by_label = defaultdict(list), defaultdict(list)
        for key, code, labels in self.choices.values_list("pk", "code", "labels"):
            by_code[folded(code)].append((key, None))
            for text in {folded(label) for label in (labels or {}).values() if label}:
                by_label[text].append((key, None))
        return {text: by_code.get(folded(text)) or by_label.get(folded(text), []) for text in texts}

    def _find_lines(self, texts):
        """A line as “number of its document/position”."""
        document = self.model._meta.get_field(self.model.DOCUMENT_FIELD)
        parts = {text: text.rpartition("/")[::2] for text in texts}
        found = defaultdict(list)
        for name in ("number", "external_number"):
            by_text = defaultdict(list)
            numbers = {number for number, _position in parts.values() if number}
            rows = self.choices.filter(**{f"{document.name}__{name}__among": numbers})
            for key, number, position in rows.values_list("pk", f"{document.name}__{name}", "position"):
                by_text[f"{number}/{position}"].append((key, None))
            for text in texts - found.keys():
                if text in by_text:
                    found[text] = by_text[text]
        return found

    def _find_instalments(self, texts):
        """A receivable as “number of its document-instalment”."""
        numbers = {text.rpartition("-")[0] for text in texts}
        found = defaultdict(list)
        rows = self.choices.filter(source_number__among=numbers)
        for key, number, instalment in rows.values_list("pk", "source_number", "instalment"):
            found[f"{number}-{instalment}"].append((key, None))
        return found

    def _find_keys(self, texts):
        keys = {text: int(text.lstrip("#")) for text in texts if text.lstrip("#").isdecimal() and len(text) < 19}
        there = set(self.choices.filter(pk__among=keys.values()).values_list("pk", flat=True))
        return {text: [(key, None)] for text, key in keys.items() if key in there}

    # -- keys to texts -------------------------------------------------------------------------------------------------

    def texts(self, keys):
        """{key: the text that `resolve` reads back}. Records outside the person's scope are named by kind and key alone."""
        keys = {key for key in keys if key is not None}
        if not keys:
            return {}
        found = self._names(policy.scope(self.user, self.model).filter(pk__among=keys))
        return {key: found.get(key) or self.foreign(key) for key in keys}

    def foreign(self, key):
        """What stands for a record that the person may not see."""
        return f"{self.verbose_name} #{key}"

    def _names(self, query):
        if self.attribute:
            return {key: str(text) for key, text in query.values_list("pk", self.attribute)}
        if issubclass(self.model, Line):
            document = self.model.DOCUMENT_FIELD
            rows = query.values_list("pk", f"{document}__number", f"{document}__external_number", "position")
            return {key: f"{number or external}/{position}" for key, number, external, position in rows}
        if has_column(self.model, "source_number") and has_column(self.model, "instalment"):
            return {key: f"{number}-{part}" for key, number, part in query.values_list("pk", "source_number", "instalment")}
        if has_column(self.model, "labels"):
            return {row.pk: self._label(row) for row in query}
        if not self.names:
            return {key: f"#{key}" for key in query.values_list("pk", flat=True)}
        if policy.is_public(self.model) and {"name", "code"} <= set(self.names) and self.model._meta.pk.name != "code":
            return self._names_or_codes(query)
        rows = query.values_list("pk", *self.names)
        return {row[0]: next((str(text) for text in row[1:] if text), f"#{row[0]}") for row in rows}

    def _label(self, row):
        """The label in the active language where no other choice has it, else the code."""
        siblings = self._labels()
        text = row.title()
        return text if siblings[folded(text)] <= {row.pk} else row.code

    def _labels(self):
        if not hasattr(self, "_label_owners"):
            self._label_owners = defaultdict(set)
            for key, code, labels in self.choices.values_list("pk", "code", "labels"):
                for text in (code, *(labels or {}).values()):
                    self._label_owners[folded(text)].add(key)
        return self._label_owners

    def _names_or_codes(self, query):
        """Names where they are unique and nobody's code, else codes."""
        if not hasattr(self, "_name_owners"):
            self._name_owners = defaultdict(set)
            for key, code, name in policy.scope(self.user, self.model).values_list("pk", "code", "name"):
                self._name_owners[folded(code)].add(key)
                self._name_owners[folded(name)].add(key)
        return {
            key: str(name) if name and self._name_owners[folded(name)] == {key} else str(code)
            for key, code, name in query.values_list("pk", "code", "name")
        }
