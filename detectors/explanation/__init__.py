"""Why a payment scores as it does, beyond the reasons: LIME's local view, and the exact contributions beside it.

Pure. LIME and scikit-learn are imported only by who makes a picture, not by who reads one.
"""
