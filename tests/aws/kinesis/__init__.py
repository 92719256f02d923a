"""Kinesis as a source, on LocalStack and a real Apache Kafka."""
