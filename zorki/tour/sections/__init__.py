"""The tour's sections. Each file has ORDER, TITLE, LEAD, SECONDS (what it costs on two cores), and `build`.

LONG = True: only in a long tour. PHOTOS = True: only where the user gives many photographs.
`build(guide)` yields blocks one by one, so that a walk that is broken off keeps those that were done.
"""
