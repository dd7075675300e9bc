"""What the functions of the audit ingest pipeline share: the message, where it is kept, and how AWS is called."""
