"""The whole sidebar, readable in one sitting."""


def navigation(request):
    """The groups of the sidebar."""
    return []


def tabs(request):
    """Tabs above lists."""
    return []
