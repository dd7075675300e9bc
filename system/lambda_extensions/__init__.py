"""Lambda extensions: the life cycle of a custom runtime with an extension, and a configuration cached at localhost."""
