"""Lists as people want to find them again."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from models.base import words
from models.base.records import TrackedModel


class SavedView(TrackedModel):
    """A list under a name of one's own: its tab, filters, search and order, kept as the query of its address."""

    GOVERNED_BY = "owner"
    IN_WORDS = {"record_type": lambda code, _view: words.record_type(code)}

    owner = models.ForeignKey("org.Employee", models.CASCADE, related_name="saved_views", verbose_name=_("owner"))
    record_type = models.CharField(_("record type"), max_length=60)
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(_("filters"), max_length=2000)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "record_type", "name"], name="lowcode_savedview_name")]

    def title(self):
        return self.name
