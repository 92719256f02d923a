"""What is remembered of merchants: totals of closed hours, folded from all partitions and read on every payment.

The main path only reads them, from a replica; they are kept on a path of their own.
"""
