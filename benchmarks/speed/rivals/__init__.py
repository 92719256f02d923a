"""The rivals, each a small application that is started as a process.

All read the same `transactions.enriched`, call the same pure functions with the same bundle and the same view of
merchants, and write assessments, alerts and a changelog.
"""
