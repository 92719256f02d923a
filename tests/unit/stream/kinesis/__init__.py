"""What the adapter decides, without Kinesis or Kafka."""
