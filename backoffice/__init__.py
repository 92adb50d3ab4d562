"""The Django project: settings, addresses, the sidebar, start-up checks. Nothing of the business; may import everything."""
