"""Has Patroni hand the leader lock over as soon as PostgreSQL has stopped, instead of at its next look.

Patroni looks once a second whether a primary that is to stop has stopped, and gives replicas another second when it has
written its last checkpoint but still runs. Nobody can write meanwhile. What is waited for stays the same, and so do the
limits; only the waiting ends when there is nothing left to wait for. Called with the folder of Patroni's modules. Ends with
an error when one of the places is not as expected: then Patroni has changed, and this has to be looked at.
"""
import pathlib
import re
import sys

# By file: how often a place is expected, the pattern that finds it, and what stands there afterwards.
changes = {
    'postgresql/__init__.py': [(
        1,
        r'^( +)time\.sleep\(STOP_POLLING_INTERVAL\)$(?=\n +i\b)',
        r'''\1try:
\1    postmaster.wait(timeout=STOP_POLLING_INTERVAL)
\1except TimeoutExpired:
\1    pass''',
    )],
    'ha.py': [(
        2,
        r'time\.sleep\(1\) +#.*\breplicas\b.*',
        'self.wait_until_failover_is_possible(checkpoint_location)',
    ), (
        1,
        r'^    def is_failover_possible\(self, \*, cluster_lsn\b',
        r'''    def wait_until_failover_is_possible(self, cluster_lsn: int) -> None:
        """Waits for a replica that has the WAL up to there, for a second at most."""
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline and not self.is_failover_possible(cluster_lsn=cluster_lsn):
            time.sleep(0.05)

\g<0>''',
    )],
}

for name, places in changes.items():
    path = pathlib.Path(sys.argv[1], name)
    text = path.read_text()
    for expected, pattern, replacement in places:
        text, found = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        if found != expected:
            sys.exit(f'{path}: {found} instead of {expected} times: {pattern}')
    compile(text, str(path), 'exec')
    path.write_text(text)
