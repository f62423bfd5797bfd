"""How the database's tables come to be, and how they change from one version of this program to the next.

`versions/` has the revisions, numbered from 0001. Nothing else makes or changes tables; `tables.py` is what the last
one leads to, and a test compares the two. A revision only goes forward, in one transaction, and its file is never
changed once it was released.

The A2A SDK's table of tasks is made here too, with an index of ours. The SDK has a command of its own, `a2a-db`, but
that alters tables which the SDK's stores have made, adds some that we do not use, knows none of ours, and keeps a
version of its own: an upgrade would be two, and the second could fail after the first. When a release of the SDK wants
other columns, the same test says so, and a revision of ours adds them.

Replicas of two versions use a database together: while an upgrade rolls out, and after one was rolled back. So whatever
the version before could not live with takes two releases:

    expand     adds tables, indexes, and columns that may be left out; the program still writes what the old one reads
    contract   a release later, when no program that needs it runs any more, removes what is old

An index of a table that was there before is made `if_not_exists`: who has large ones makes it beforehand, CONCURRENTLY,
while replicas write; our own transaction would keep them waiting.

Each revision says by `oldest` the first one whose programs can work with the tables as they are after it; the one
before, if it does no more than the above. That is kept in the database, for programs that do not know the revision.
Who must go back further restores a backup: a revision that undid another would lose what was written since.
"""
