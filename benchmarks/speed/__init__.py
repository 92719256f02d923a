"""How fast the worker is beside other ways to do the same work, all on one Apache Kafka in one run."""
