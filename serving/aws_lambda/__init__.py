"""Assesses the batches that Lambda takes from a Kinesis stream, with memories in DynamoDB."""
