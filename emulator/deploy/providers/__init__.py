"""One module per service family: the resource types that can be deployed, and the API calls that each one makes."""
