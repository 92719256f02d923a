"""The same assessment without a worker: a Lambda function, an inference container."""
