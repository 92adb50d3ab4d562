"""Attachments have no screen of their own: they live in the files tab of their record (`admin_config.files`)."""
