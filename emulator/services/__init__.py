"""One folder per AWS service, named by its botocore id. Services never import each other."""
