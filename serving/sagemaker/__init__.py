"""The inference container: an HTTP server that scores rows, and a training job, both as SageMaker calls them."""
