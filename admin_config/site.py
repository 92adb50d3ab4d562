"""The admin site."""

from unfold.sites import UnfoldAdminSite


class BackofficeSite(UnfoldAdminSite):
    """Everything staff see."""
