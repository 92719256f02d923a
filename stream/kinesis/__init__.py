"""Kinesis as a source and as a target: shards read by polling into `transactions.enriched`, and payments put.

The adapter does the first stage's work itself; everything behind `transactions.enriched` need not know of it.
"""
