"""Has Patroni hand the leader lock over as soon as PostgreSQL has stopped, instead of at its next look.

Patroni looks once a second whether a primary that is to stop has stopped, and gives replicas another second when it has
written its last checkpoint but still runs. Nobody can write meanwhile. What is waited for stays the same, and so do the
limits; only the waiting ends when there is nothing left to wait for. Called with the folder of Patroni's modules. Ends with
an error when one of the places is not as expected: then Patroni has changed, and this has to be looked at.
"""
import pathlib
import sys

changes = {
    'postgresql/__init__.py': [(
        1,
        '''                time.sleep(STOP_POLLING_INTERVAL)
                i += STOP_POLLING_INTERVAL
''',
        '''                try:
                    postmaster.wait(timeout=STOP_POLLING_INTERVAL)
                except TimeoutExpired:
                    pass
                i += STOP_POLLING_INTERVAL
''',
    )],
    'ha.py': [(
        2,
        'time.sleep(1)  # give replicas some more time to catch up\n',
        'self.wait_until_failover_is_possible(checkpoint_location)\n',
    ), (
        1,
        '    def is_failover_possible(self, *, cluster_lsn',
        '''    def wait_until_failover_is_possible(self, cluster_lsn: int) -> None:
        """Waits for a replica that has the WAL up to there, for a second at most."""
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline and not self.is_failover_possible(cluster_lsn=cluster_lsn):
            time.sleep(0.05)

    def is_failover_possible(self, *, cluster_lsn''',
    )],
}

for name, places in changes.items():
    path = pathlib.Path(sys.argv[1], name)
    text = path.read_text()
    for count, old, new in places:
        if text.count(old) != count:
            sys.exit(f'{path}: {text.count(old)} instead of {count} times:\n{old}')
        text = text.replace(old, new)
    compile(text, str(path), 'exec')
    path.write_text(text)
