"""The pipelines: what deploys to AWS. Nothing here knows of an emulator."""
