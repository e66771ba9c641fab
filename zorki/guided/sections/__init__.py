"""The tour's sections. Each file has ORDER, TITLE, LEAD, and two functions.

`work(guide)`: what it costs, a `Task` for each thing that is made, in their order.
`build(guide)`: yields blocks one by one, so that a walk that is broken off keeps those that were done.

Where less may be shown, PLANS are the ways to do so, from everything to the least (`zorki.guided.plan.Plan`), and both functions get one as
their second argument. MORE: what a long tour shows before these.
LONG = True: only in a long tour. PHOTOS = True: only where the user gives many photographs; its time comes on top of all other.
QUICK = True: it is never left out; its least plan, where it has some, takes hardly any time.
"""
