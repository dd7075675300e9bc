"""Storage options of a function: S3, /tmp, a layer and EFS, compared."""
