"""Loads from a Kubernetes cluster: one image, and manifests for either of the two Locust operators."""
