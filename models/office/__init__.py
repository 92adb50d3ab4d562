"""What hangs on any record by a generic key: attachments. Imports base, org, audit and lowcode."""
