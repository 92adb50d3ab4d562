"""The two forms of an import: the file, and which of its columns is which."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from admin_config.spreadsheets import mapping
from admin_config.spreadsheets.values import folded
from models.lowcode.models import ImportMapping

SAMPLES = 3
LEAVE_OUT = ""
NEVER = "-"


class UploadForm(forms.Form):
    """The file, and a saved mapping of this record type."""

    file = forms.FileField(
        label=gettext_lazy("File"), max_length=200, widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.xlsm,.xlsb,.ods,.csv,.txt"})
    )
    mapping = forms.ModelChoiceField(
        ImportMapping.objects.none(), required=False, label=gettext_lazy("Saved columns"), empty_label=gettext_lazy("By the headings")
    )

    def __init__(self, model, *arguments, **named):
        super().__init__(*arguments, **named)
        self.fields["mapping"].queryset = ImportMapping.objects.filter(record_type=model._meta.label_lower)


class MapForm:
    """A select per column of the file, a fixed value per field that it lacks, and how it is remembered."""

    def __init__(self, description, table, data, *, columns, options, may_bring_in, may_save, name=""):
        self.description, self.table, self.data = description, table, data
        self.stored_columns, self.stored_options = columns or {}, options or {}
        self.may_bring_in, self.may_save = may_bring_in, may_save
        self.start = mapping.find_heading(table, self._is_known)
        self.headings = mapping.headings_of(table.rows[self.start])
        self.error = ""
        self.save_as = (name if data is None else data.get("save_as", "")).strip()[:80]
        self.columns, self.options = {}, {}

    def _is_known(self, text):
        return folded(text) in self._stored_headings() or self.description.column_of(text) is not None

    def _stored_headings(self):
        found = {}
        for name, said in self.stored_columns.items():
            headings = [said] if isinstance(said, str) else said.get("columns") or [said.get("column")] if isinstance(said, dict) else []
            for heading in headings:
                if heading:
                    found.setdefault(folded(heading), name)
        return found

    @property
    def choices(self):
        """[(name, heading)] of the fields a column may be."""
        return [
            (column.name, self.description.heading(column))
            for column in self.description.columns
            if not column.is_computed or column.name == "number"
        ]

    def _guess(self, heading):
        stored = self._stored_headings()
        if folded(heading) in stored:
            return stored[folded(heading)]
        column = None if self.stored_columns else self.description.column_of(heading)
        return column.name if column is not None and (not column.is_computed or column.name == "number") else LEAVE_OUT

    @property
    def rows(self):
        """[{place, heading, samples, chosen}], those without a field first."""
        found = []
        for place, heading in enumerate(self.headings):
            cells = [row[place] for row in self.table.rows[self.start + 1 :][:50] if place < len(row) and row[place] is not None]
            if not heading and not cells:
                continue
            chosen = (
                self.data.get(f"column-{place}", LEAVE_OUT) if self.data is not None else self._guess(heading) if heading else LEAVE_OUT
            )
            found.append(
                {
                    "place": place,
                    "heading": heading or mapping.column_letter(place),
                    "samples": cells[:SAMPLES],
                    "chosen": chosen,
                    "is_named": bool(heading),
                }
            )
        return sorted(found, key=lambda row: row["chosen"] != LEAVE_OUT)

    @property
    def constants(self):
        """[(column, heading, value, is required)] of the fields that may get a fixed value."""
        taken = {row["chosen"] for row in self.rows}
        found = []
        for column in self.description.columns:
            if column.is_computed or column.name in taken or column.name == "id":
                continue
            said = self.stored_columns.get(column.name)
            stored = said.get("value", "") if isinstance(said, dict) and "value" in said else ""
            value = self.data.get(f"constant-{column.name}", "") if self.data is not None else stored
            found.append((column, self.description.heading(column), value, column.is_required and column.name != "company"))
        return sorted(found, key=lambda one: (not one[3], not one[2]))

    @property
    def keys(self):
        """[(value, words, is chosen)] of the ways in which a row finds the record that it is about."""
        if self.description.is_document or not self.description.key_sets:
            return []
        by_name = self.description.by_name
        found = [
            ("+".join(names), " + ".join(self.description.heading(by_name[name]) for name in names)) for names in self.description.key_sets
        ]
        found.append((NEVER, _("None: every row is a new record")))
        return [(value, words, value == self.key) for value, words in found]

    @property
    def key(self):
        if self.data is not None:
            return self.data.get("key", "")
        stored = self.stored_options.get("key")
        if stored is None:
            return "+".join(self.description.key_sets[0]) if self.description.key_sets else ""
        return "+".join(stored) or NEVER

    @property
    def sheets(self):
        return [(name, name == self.table.sheet) for name in self.table.sheets] if len(self.table.sheets) > 1 else []

    @property
    def is_effective(self):
        return bool("effective" in self.data if self.data is not None else self.stored_options.get("effective"))

    def is_valid(self):
        """Set `columns` and `options`, or `error`."""
        known, taken = {name for name, _heading in self.choices}, {}
        for row in self.rows:
            name = row["chosen"]
            if name == LEAVE_OUT:
                continue
            if name not in known or not row["is_named"]:
                self.error = _("The column “%(heading)s” cannot be used.") % {"heading": row["heading"]}
            elif name in taken:
                words = {"first": taken[name], "second": row["heading"], "column": self.description.find(name).label()}
                self.error = _("“%(first)s” and “%(second)s” both mean “%(column)s”.") % words
            taken.setdefault(name, row["heading"])
        self.columns = {name: self._source(name, heading) for name, heading in taken.items()}
        for column, _heading, value, _required in self.constants:
            if value:
                self.columns[column.name] = {"value": value}
        if not taken:
            self.error = _("Choose a field for at least one column.")
        self.options = {name: value for name, value in self.stored_options.items() if name not in ("effective", "sheet", "key")}
        if self.key in {value for value, _words, _chosen in self.keys[1:]}:  # the first is the usual one
            self.options["key"] = [] if self.key == NEVER else self.key.split("+")
        if self.table.sheet:
            self.options["sheet"] = self.table.sheet
        if self.may_bring_in and "effective" in self.data:
            self.options["effective"] = True
        return not self.error

    def _source(self, name, heading):
        """What a saved mapping says of this field stays, as long as it names the same heading."""
        said = self.stored_columns.get(name)
        if isinstance(said, dict) and heading in (said.get("columns") or [said.get("column")]):
            return said
        return heading
