"""What each row of a file would do, found out as a form would, for all rows at once: new, changed, unchanged, or refused and why."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from admin_config.spreadsheets.columns import KEY
from admin_config.spreadsheets.constraints import check_problems, unique_problems
from admin_config.spreadsheets.existing import find_existing, same
from admin_config.spreadsheets.keys import NAMING, loaded
from admin_config.spreadsheets.values import DEFAULT, BadCell, blank_value, parse_column, parser_of
from models.base import policy
from models.base.inserting import unsaved
from models.base.policy import WRITE
from models.base.protocols import default_company_id
from models.base.records import Record


@dataclass(eq=False)
class Planned:
    """One record to be written. `changed`: the names of its changed fields, None for a new one. `lines`: see documents.py."""

    number: int
    row: object
    changed: set | None = None
    lines: object = None
    links: dict = field(default_factory=dict)  # key → the Planned of the same file that must be stored first


@dataclass
class Plan:
    """What a file would do. `errors`: {(is_line, row number): {heading: (value, sentence)}}, in the order of the file."""

    new: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    unchanged: int = 0
    errors: dict = field(default_factory=dict)
    line_sheet: str = ""  # the sheet of the lines, where they have one of their own
    is_prepared: bool = False  # what save() would set in the new rows is set already

    def refuse(self, number, heading, value, sentence, *, is_line=False):
        self.errors.setdefault((is_line, number), {}).setdefault(heading, (value, str(sentence)))

    @property
    def refused_rows(self):
        return len(self.errors)

    def refusals(self):
        """[{"row", "column", "value", "message"}] in the order of the file, with "sheet" for lines in a sheet of their own."""
        said = []
        for (is_line, number), found in sorted(self.errors.items()):
            place = {"sheet": self.line_sheet} if is_line and self.line_sheet else {}
            for heading, (value, sentence) in found.items():
                said.append({"row": number, "column": heading, "value": "" if value is None else str(value), "message": sentence, **place})
        return said


class Rows:
    """The cells of one model's columns, read: values by column, and what is wrong, by the index of the row."""

    def __init__(self, description, sources, rows, numbers, companies=None):
        self.description, self.sources, self.rows, self.numbers = description, sources, rows, numbers
        self.values, self.errors, self.cells = {}, defaultdict(dict), {}
        self.loose_keys = {}  # name → {index: sentence}: keys not found, which may still be found in the file or be unchanged
        self.companies = companies
        ordered = sorted(sources, key=lambda source: source.column.name != "company")
        for source in ordered:
            self._read(source)
            if source.column.name == "company" and not source.column.is_line:
                self.companies = [value if isinstance(value, int) else None for value in self.values["company"]]

    def heading(self, name):
        """The heading in the file of a column or field."""
        names = {name, f"lines.{name}"}
        return next((source.heading for source in self.sources if source.column.name in names), name)

    def error(self, index, name, sentence, value=None):
        """Refuse a cell; the first complaint about it stays."""
        if value is None and name in self.cells:
            value = self.cells[name][index]
        self.errors[index].setdefault(name, (value, str(sentence)))

    def _read(self, source):
        column, name = source.column, source.column.name
        cells, wrong = source.cells(self.rows)
        self.cells[name] = cells
        if name == KEY:
            values, errors = parse_column(parser_of(models.BigIntegerField()), cells, found := {}, lambda: None), found
        elif column.is_key:
            values, missing = self.description.target(column).resolve(cells, self.companies)
            errors = self._blanks(column, cells, values)
            self.loose_keys[name] = {index: sentence for index, sentence in missing.items() if index not in errors}
        else:
            parse = str if column.part else parser_of(column.field)
            empty = (lambda: "") if column.part else (lambda: DEFAULT) if column.is_filled_in else blank_value(column.field)
            values = parse_column(parse, cells, errors := {}, empty)
        self.values[name] = values
        for index, sentence in {**errors, **wrong}.items():
            self.error(index, name, sentence)

    def _blanks(self, column, cells, values):
        """Blank cells of a key: empty, the default, or refused."""
        errors, empty = {}, blank_value(column.field)
        for index, cell in enumerate(cells):
            if cell is None:
                try:
                    values[index] = empty()
                except BadCell as bad:
                    errors[index] = str(bad)
        return errors

    def tolerate(self, existing):
        """Cells that say what is stored already are right, even where this person could not choose it or see it in clear."""
        for name, missing in self.loose_keys.items():
            column = self._column(name)
            rows = {index: getattr(existing[index], column.attname) for index in missing if existing[index] is not None}
            if not rows:
                continue
            target = self.description.target(column)
            texts = target.texts(rows.values())
            for index, key in rows.items():
                if key is not None and str(self.cells[name][index]) in (texts[key], target.foreign(key)):
                    self.values[name][index] = key
                    del missing[index]

    def _column(self, name):
        return next(source.column for source in self.sources if source.column.name == name)

    def close(self):
        """What was not found by now is an error."""
        for name, missing in self.loose_keys.items():
            for index, sentence in missing.items():
                self.error(index, name, sentence)


class Check:
    """Checks the rows of one record type for one person. `opened`: fields that this import sets although no form does."""

    def __init__(self, description, *, keys=None):
        self.description, self.model, self.user = description, description.model, description.user
        self.keys = keys
        self.plan = Plan()
        self.make = unsaved(self.model)
        self.default_company = default_company_id(self.user) if any(f.name == "company" for f in self.model._meta.fields) else None
        self.has_clean = self.model.clean is not models.Model.clean

    def run(self, sources, rows, numbers):
        """Read, match and check the rows. Returns the list of Planned or None (refused or unchanged), index by index."""
        read = self.read = Rows(self.description, sources, rows, numbers, [self.default_company] * len(rows))
        existing, problems = find_existing(self, read)
        for index, (name, sentence) in problems.items():
            read.error(index, name, sentence)
        self.existing = existing
        read.tolerate(existing)
        links = self._links_within(read, existing)
        read.close()
        self._sort_columns()
        planned = [self._row(index, existing[index]) for index in range(len(rows))]
        self._load_keys(planned)
        self._link(planned, links)
        self._inherit(planned)
        self._rights(planned)
        self._clean(planned)
        self._constraints(planned)
        self._orphans(planned)
        return planned

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _row(self, index, existing):
        """The row with the file's values, or None where something is wrong."""
        if index in self.read.errors:
            return None
        number = self.read.numbers[index]
        if existing is None:
            planned = Planned(number, self._new(index))
        else:
            planned = Planned(number, existing, self._change(index, existing))
            if planned.changed and getattr(existing, "is_locked", False):
                self.read.error(index, "", locked(existing), existing.title())
        return planned if index not in self.read.errors else None

    def _new(self, index):
        if not self.description.may_add:
            self.read.error(index, "", self._why_not("add"), "")
        values = {} if self.default_company is None else {"company_id": self.default_company}
        for attname, cells in self.plain_columns:
            if cells[index] is not DEFAULT:
                values[attname] = cells[index]
        for column in self.other_columns:
            value = self.read.values[column.name][index]
            if column.part:
                if value:
                    values.setdefault("labels", {})[column.part] = value
            elif self.read.cells[column.name][index] is not None and value != column.field.get_default():
                self.read.error(index, column.name, _("You may not fill in this field."))
        if self.description.is_document and "external_number" in self.read.values:
            values["external_number"] = self.read.values["external_number"][index]
        for column in self.missing:
            self.read.error(index, column.name, _("“%(column)s” is needed and not in the file.") % {"column": column.label()}, "")
        return self.make(values) if index not in self.read.errors else None

    def _sort_columns(self):
        """The columns that are simply taken over, and those that need a second look."""
        taken = [source.column for source in self.read.sources if source.column.name != KEY and not source.column.is_computed]
        is_plain = [column.level == WRITE and not column.part for column in taken]
        self.plain_columns = [(c.attname, self.read.values[c.name]) for c, plain in zip(taken, is_plain, strict=True) if plain]
        self.other_columns = [c for c, plain in zip(taken, is_plain, strict=True) if not plain]
        mapped = {source.column.name.partition("__")[0] for source in self.read.sources}
        by_itself = {"number"} | ({"company"} if self.default_company is not None else set())
        ours = [column for column in self.description.columns if not column.is_line and column.name not in mapped | by_itself]
        self.missing = [column for column in ours if column.is_required]

    def _change(self, index, existing):
        """Put the file's values into the stored row; returns the names that differ."""
        changed, labels = set(), None
        for source in self.read.sources:
            column, value = source.column, self.read.values[source.column.name][index]
            if value is DEFAULT or column.name == KEY or column.is_computed:
                continue
            if column.part:
                labels = dict(getattr(existing, column.field.name) or {}) if labels is None else labels
                labels[column.part] = value
                continue
            if same(getattr(existing, column.attname), value):
                continue
            if column.level < WRITE:
                self.read.error(index, column.name, _("You may not change this field."))
                continue
            setattr(existing, column.attname, value)
            changed.add(column.field.name)
        if labels is not None:
            labels = {code: text for code, text in labels.items() if text}
            if labels != {code: text for code, text in (existing.labels or {}).items() if text}:
                existing.labels = labels
                changed.add("labels")
        return changed

    # -- keys within the file --------------------------------------------------------------------------------------------

    def _links_within(self, read, existing):
        """{index: {field name: index}}: keys to rows that this very file adds."""
        links = defaultdict(dict)
        keys = [source.column for source in read.sources if source.column.is_key]
        own = [column for column in keys if column.field.related_model is self.model]
        names = [name for name in NAMING if name in read.values]
        for column in own:
            missing = read.loose_keys.get(column.name)
            if not missing:
                continue
            by_text = {}
            for name in reversed(names):
                for index, value in enumerate(read.values[name]):
                    if existing[index] is None and isinstance(value, str) and value:
                        by_text[value] = index
            for index in list(missing):
                other = by_text.get(str(read.cells[column.name][index]))
                if other is not None and other != index:
                    links[index][column.field.name] = other
                    del missing[index]
        return links

    def _link(self, planned, links):
        """Point rows at each other before any is stored: with provisional keys below 0, given back by `store`."""
        for index, found in links.items():
            if planned[index] is None:
                continue
            for name, other in found.items():
                if planned[other] is None or _leads_back(other, index, links, name):
                    sentence = _("The row it points at is refused.") if planned[other] is None else _("These rows point at each other.")
                    self.read.error(index, name, sentence)
                    planned[index] = None
                    break
                if planned[other].row.pk is None:
                    planned[other].row.pk = -other - 1
                setattr(planned[index].row, name, planned[other].row)
                if planned[index].changed is not None:
                    planned[index].changed.add(name)
                planned[index].links[name] = planned[other]

    def _load_keys(self, planned):
        """Load what the rows point at, once each, so that checks and postings ask no query for a row."""
        if not (self.has_clean or self.description.is_document):
            return
        present = [one.row for one in planned if one is not None and (one.changed is None or one.changed)]
        wanted = None if self.description.is_document else _mentioned(self.model)
        for field_ in self.model._meta.concrete_fields:
            if not field_.is_relation or (wanted is not None and field_.name not in wanted):
                continue
            keys = {getattr(row, field_.attname) for row in present} - {None}
            if not keys:
                continue
            found = loaded(field_.related_model, keys)
            for row in present:
                key = getattr(row, field_.attname)
                if key in found:
                    row._state.fields_cache[field_.cache_name] = found[key]

    # -- rules ---------------------------------------------------------------------------------------------------------

    def _inherit(self, planned):
        """Whose a new record is, where the file does not say: its customer's, or the importing person's.

        Department and region follow the owner.
        """
        if not issubclass(self.model, Record):
            return
        mapped = {source.column.name.partition("__")[0] for source in self.read.sources}
        wanted = [name for name in ("owner", "department", "region") if name not in mapped]
        new = [one.row for one in planned if one is not None and one.changed is None]
        has_customer = any(field_.name == "customer" for field_ in self.model._meta.fields)
        me = self.user.employee if self.user.employee_id else None
        if "owner" in mapped:
            prefetch_related_objects(new, "owner")
        for row in new:
            is_of_customer = has_customer and row.customer_id and (me is None or self.saves_by_itself)
            if is_of_customer and "company" not in mapped:
                row.company_id = row.customer.company_id
            if is_of_customer and ("owner" not in mapped or self.saves_by_itself):
                _take(row, row.customer, wanted)
            elif "owner" in mapped:
                _take(row, row.owner, wanted)
            elif me is not None:
                row.owner_id = me.pk
                _take(row, me, [name for name in wanted if name != "owner"])

    @property
    def saves_by_itself(self):
        """True if the model's own save() takes owner and place from the customer."""
        return "save" in vars(self.model)

    def _why_not(self, verb):
        decision = policy.may(self.user, verb, self.model)
        if not decision:
            return f"{decision.why} {decision.grant}".strip()
        if verb == "add":
            return _("Records of this kind are not made by hand; they come out of other documents.")
        return _("Records of this kind cannot be changed.")

    def _rights(self, planned):
        """The new state too must lie in the person's range."""
        verbs = ["add", *(["change"] if self.description.may_change else [])]
        granted = [verb for verb in verbs if policy.may(self.user, verb, self.model)]
        free = {verb for verb in granted if not policy.condition(self.user, self.model, verb)}
        for index, one in enumerate(planned):
            if one is None or one.changed == set():
                continue
            verb = "add" if one.changed is None else "change"
            if verb in free:
                continue
            if verb == "change" and not self.description.may_change:
                decision = policy.Decision(False, self._why_not("change"))
            else:
                decision = policy.may(self.user, verb, one.row)
            if not decision:
                self._refuse(planned, index, "", f"{decision.why} {decision.grant}".strip())

    def _clean(self, planned):
        if not self.has_clean:
            return
        for index, one in enumerate(planned):
            if one is None or one.changed == set():
                continue
            before = dict(one.row.__dict__) if one.changed is not None else None
            try:
                one.row.clean()
            except ValidationError as error:
                known = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
                for name, messages in known.items():
                    sentence = " ".join(ValidationError(messages).messages)
                    self._refuse(planned, index, "" if name == NON_FIELD_ERRORS else name, sentence)
                continue
            if before is not None:
                fields = self.model._meta.concrete_fields
                one.changed |= {f.name for f in fields if before.get(f.attname) != one.row.__dict__.get(f.attname)}

    def _constraints(self, planned):
        for index, one in enumerate(planned):
            if one is not None and one.changed != set():
                for name, sentence in check_problems(one.row):
                    self._refuse(planned, index, name, sentence)
        rows = [None if one is None or one.changed == set() else one.row for one in planned]
        changed = [None if one is None else one.changed for one in planned]
        for index, (name, sentence) in unique_problems(self.model, rows, self.read.numbers, changed).items():
            self._refuse(planned, index, name, sentence)

    def _orphans(self, planned):
        """What points at a refused row of the file is refused with it."""
        kept = {id(one) for one in planned if one is not None}
        again = True
        while again:
            again = False
            for index, one in enumerate(planned):
                lost = None if one is None else next((name for name, other in one.links.items() if id(other) not in kept), None)
                if lost:
                    kept.discard(id(one))
                    self._refuse(planned, index, lost, _("The row it points at is refused."))
                    again = True

    def _refuse(self, planned, index, name, sentence):
        self.read.error(index, name, sentence, None if name in self.read.cells else "")
        planned[index] = None


@lru_cache(maxsize=256)
def _mentioned(model):
    """The attributes that the model's own rules mention; only those keys are worth loading for them."""
    rules = [vars(one)["clean"] for one in model.__mro__ if "clean" in vars(one) and one is not models.Model]
    return {name for rule in rules for name in rule.__code__.co_names}


def _take(row, source, names):
    """Let the row be where its source is."""
    for name in names if source is not None else ():
        setattr(row, f"{name}_id", getattr(source, f"{name}_id", None))


def locked(document):
    """Why a document cannot be changed."""
    return _("“%(name)s” is locked by its approval; it cannot be changed.") % {"name": document.title()}


def _leads_back(start, goal, links, name):
    """True if following the key `name` from `start` ends at `goal`."""
    seen = set()
    while start is not None and start not in seen:
        if start == goal:
            return True
        seen.add(start)
        start = links.get(start, {}).get(name)
    return False
