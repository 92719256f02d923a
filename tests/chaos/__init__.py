"""Workers killed, paused and replaced under load by plan: is anything lost, doubled or changed?"""
