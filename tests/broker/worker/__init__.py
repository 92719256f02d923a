"""The worker as a process of its own, on a real Apache Kafka."""
